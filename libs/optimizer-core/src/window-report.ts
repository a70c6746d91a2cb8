import { digits } from './digits.js';
import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1, Taint } from './events.js';

/** What one model's requests needed, and what window they had. Tokens. */
export interface WindowLine {
  readonly model: string;
  /** The server was started with this window for all: it takes a restart to change it. */
  readonly isFixed: boolean;
  /** That of the last request whose window is known; null: of none. */
  readonly window: number | null;
  /** Those whose tokens were counted. */
  readonly requests: number;
  /** Whose prompt was refused or cut, or whose answer ran into the end of the window. */
  readonly notHeld: number;
  /** Windows that hold, or would have held, 99 of 100 of them, and all; null: nothing was counted. */
  readonly p99: number | null;
  readonly all: number | null;
}

/** Runners hold multiples of this. */
const STEP = 256;

/** Decided requests that wait for their end: more than there ever are at once. */
const MAX_PENDING = 10_000;

/** Their counts are not of the whole request. */
const UNCOUNTED: ReadonlySet<Taint> = new Set(['preload', 'cancelled', 'failed', 'incomplete']);

interface Tally {
  isFixed: boolean;
  window: number | null;
  requests: number;
  notHeld: number;
  /** Requests by the steps that they needed: bounded by the largest window there is. */
  readonly needs: Map<number, number>;
}

/** Folds a log into what windows its models needed. */
export class WindowReport {
  readonly #tallies = new Map<string, Tally>();
  readonly #asked = new Map<string, RequestOptimizedV1['decision']['inputs']>();

  add(event: DomainEvent): void {
    switch (event.type) {
      case 'request.optimized':
        return this.#ask(event.data);
      case 'request.refused': {
        const { requestId, model, promptTokens, window, next } = event.data;
        // Else it was sent again, and counts when that has ended.
        if (next !== null || promptTokens === null) return;
        const tally = this.#tallyOf(model);
        tally.window = window;
        return count(tally, promptTokens + this.#expectedOutput(requestId), false);
      }
      case 'request.completed':
        return this.#end(event.data);
      default:
    }
  }

  /** Those that were asked most, first. */
  lines(): readonly WindowLine[] {
    return [...this.#tallies]
      .map(([model, { isFixed, window, requests, notHeld, needs }]) => {
        const all = [...needs].toSorted(([a], [b]) => a - b);
        return { model, isFixed, window, requests, notHeld, p99: held(all, 0.99), all: held(all, 1) };
      })
      .toSorted((a, b) => b.requests - a.requests);
  }

  #ask({ requestId, model, decision, runner, features }: RequestOptimizedV1): void {
    const tally = this.#tallyOf(model);
    tally.isFixed = decision.rule === 'fixed';
    tally.window = (tally.isFixed ? runner?.window : null) ?? tally.window;
    if (features.preload) return;
    this.#asked.set(requestId, decision.inputs);
    const oldest = this.#asked.keys().next();
    if (this.#asked.size > MAX_PENDING && !oldest.done) this.#asked.delete(oldest.value);
  }

  #end({ requestId, model, taints, promptTokens, outputTokens, window }: RequestCompletedV1): void {
    const asked = this.#asked.get(requestId);
    const expected = this.#expectedOutput(requestId);
    this.#asked.delete(requestId);
    if (promptTokens === null || taints.some((taint) => UNCOUNTED.has(taint))) return;
    const tally = this.#tallyOf(model);
    tally.window = window ?? tally.window;
    const isCut = taints.includes('truncated');
    const isHeld = !isCut && !taints.includes('shifted');
    // What was lost was not counted: what was expected of it is the best there is.
    const prompt = isCut ? Math.max(promptTokens, asked?.promptEstimate ?? 0) : promptTokens;
    const output = isHeld ? (outputTokens ?? 0) : Math.max(outputTokens ?? 0, expected);
    count(tally, prompt + output, isHeld);
  }

  #expectedOutput(requestId: string): number {
    return Math.max(1, Math.ceil(this.#asked.get(requestId)?.outputBound ?? 1));
  }

  #tallyOf(model: string): Tally {
    const known = this.#tallies.get(model);
    if (known) return known;
    const tally: Tally = { isFixed: false, window: null, requests: 0, notHeld: 0, needs: new Map() };
    this.#tallies.set(model, tally);
    return tally;
  }
}

/** For people: "its window of 4,096 is fixed: 3 of 120 requests did not fit; …". */
export function windowInWords({ isFixed, window, requests, notHeld, p99, all }: WindowLine): string {
  const of =
    window === null ? 'its window is not known' : `its window ${isFixed ? 'is' : 'was last'} ${digits(window)}`;
  const fixed = isFixed ? ', and is fixed' : '';
  if (p99 === null || all === null) return `${of}${fixed}: no request has been counted`;
  const fit =
    notHeld === 0
      ? `all ${digits(requests)} requests fit`
      : `${digits(notHeld)} of ${digits(requests)} requests did not fit`;
  const would = notHeld === 0 ? 'holds' : 'would have held';
  const most = p99 === all ? '' : `${digits(p99)} ${would} 99 of 100, `;
  return `${of}${fixed}: ${fit}; ${most}${digits(all)} ${would} them all`;
}

function count(tally: Tally, tokens: number, isHeld: boolean): void {
  tally.requests += 1;
  if (!isHeld) tally.notHeld += 1;
  const steps = Math.max(1, Math.ceil(tokens / STEP));
  tally.needs.set(steps, (tally.needs.get(steps) ?? 0) + 1);
}

/** The smallest window that holds this share of them. */
function held(ascending: readonly (readonly [steps: number, requests: number])[], share: number): number | null {
  const total = ascending.reduce((sum, [, requests]) => sum + requests, 0);
  let sum = 0;
  for (const [steps, requests] of ascending) {
    sum += requests;
    if (sum >= total * share) return steps * STEP;
  }
  return null;
}
