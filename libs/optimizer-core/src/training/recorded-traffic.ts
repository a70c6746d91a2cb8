import type {
  RequestCompletedV1,
  RequestOptimizedV1,
  RunnerReloadedV1,
  TrafficEvent,
  TruncationDetectedV1,
} from '../events.js';
import { boundsOf, longAnswers, uncertaintyOf, type Ended } from './bounds.js';
import type { LeftOut, RecordedRequest } from './recorded-request.js';

const NS = 1e9;

/** Decided requests that wait for their end: more than a log ever holds at once, less than memory does. */
const MAX_PENDING = 10_000;

interface Draft extends Ended {
  readonly position: number;
  readonly endPosition: number;
  readonly refusals: number;
  readonly load: RunnerReloadedV1 | null;
}

/** Puts the events of a log together into requests, in the order in which they came. */
export class TrafficRecorder {
  readonly #capacity: number;
  readonly #pending = new Map<string, { optimized: RequestOptimizedV1; position: number; refusals: number }>();
  readonly #ended = new Map<string, Draft>();
  #forgotten = 0;
  #failed = 0;
  #preloads = 0;
  #unfinished = 0;

  /** `capacity`: requests kept, the latest. */
  constructor(capacity = Infinity) {
    this.#capacity = capacity;
  }

  add(event: TrafficEvent, position: number): void {
    switch (event.type) {
      case 'request.optimized':
        return this.#decide(event.data, position);
      case 'request.refused': {
        const pending = this.#pending.get(event.data.requestId);
        if (pending) pending.refusals += 1;
        return;
      }
      case 'request.completed':
        return this.#end(event.data, position);
      case 'truncation.detected':
        return this.#revise(event.data.requestId, (draft) => ({ ...draft, truncation: event.data }));
      case 'runner.reloaded':
        return this.#revise(event.data.requestId, (draft) => ({ ...draft, load: event.data }));
      default:
    }
  }

  /** In order of arrival. */
  requests(): readonly RecordedRequest[] {
    const drafts = [...this.#ended.values()].toSorted((a, b) => a.position - b.position);
    const long = longAnswers(drafts);
    return drafts.map((draft) => recorded(draft, long(draft.done.model)));
  }

  /** What cannot be replayed, and how many requests before those kept were forgotten. */
  get leftOut(): LeftOut & { readonly earlier: number } {
    return {
      failed: this.#failed,
      preloads: this.#preloads,
      unfinished: this.#unfinished + this.#pending.size,
      earlier: this.#forgotten,
    };
  }

  #decide(optimized: RequestOptimizedV1, position: number): void {
    // No policy has a say where windows are fixed.
    if (optimized.decision.rule === 'fixed') return;
    this.#pending.set(optimized.requestId, { optimized, position, refusals: 0 });
    const oldest = this.#pending.keys().next();
    if (this.#pending.size <= MAX_PENDING || oldest.done) return;
    this.#pending.delete(oldest.value);
    this.#unfinished += 1;
  }

  #end(done: RequestCompletedV1, endPosition: number): void {
    const pending = this.#pending.get(done.requestId);
    if (!pending) return;
    this.#pending.delete(done.requestId);
    if (done.taints.includes('preload')) this.#preloads += 1;
    else if (done.taints.includes('failed')) this.#failed += 1;
    else {
      this.#ended.set(done.requestId, { ...pending, endPosition, done, truncation: null, load: null });
      const oldest = this.#ended.keys().next();
      if (this.#ended.size <= this.#capacity || oldest.done) return;
      this.#ended.delete(oldest.value);
      this.#forgotten += 1;
    }
  }

  #revise(requestId: string, change: (draft: Draft) => Draft): void {
    const draft = this.#ended.get(requestId);
    if (draft) this.#ended.set(requestId, change(draft));
  }
}

function recorded(draft: Draft, longAnswer: number): RecordedRequest {
  const { optimized, done, position, endPosition, refusals, load, truncation } = draft;
  const { model, client, mode, clientWindow, features, runner, decision, atMs } = optimized;
  return {
    requestId: done.requestId,
    position,
    endPosition,
    model,
    client,
    mode,
    clientWindow,
    features,
    templateId: done.templateId,
    conversation: done.conversation ?? null,
    runner,
    memoryWindow: decision.inputs.memoryWindow,
    trainedContext: decision.inputs.trainedContext,
    atMs,
    endMs: done.atMs,
    ...boundsOf(draft, longAnswer),
    uncertain: uncertaintyOf(draft),
    happened: {
      window: done.window,
      load: load?.cause ?? null,
      loadSeconds: (load?.loadNs ?? 0) / NS,
      refusals,
      outcome: outcomeOf(truncation),
    },
  };
}

function outcomeOf(truncation: TruncationDetectedV1 | null): RecordedRequest['happened']['outcome'] {
  if (truncation === null) return 'whole';
  return truncation.kind === 'prompt-cut' ? 'cut' : 'shifted';
}
