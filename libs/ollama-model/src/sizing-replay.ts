import { GIB, type Hardware } from './hardware.js';

/** A request known by its counts alone: what a log keeps, and what a policy is judged on. */
export interface SizedRequest {
  /** Seconds since the start. */
  readonly atSeconds: number;
  /** Requests of one conversation share a growing prefix; null: none. */
  readonly conversation: string | null;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Tokens of the prompt shared with the conversation's previous request. */
  readonly cachedPrefix: number;
}

/** Seconds above what a request takes on a runner that is big enough, fits the GPU, and kept its prefix. */
export interface SizingCost {
  readonly load: number;
  readonly prefix: number;
  readonly spill: number;
  readonly hold: number;
  /** The price of prompts cut and answers shifted. */
  readonly short: number;
}

/** What one request did to the runner. */
export interface SizingStep {
  /** The window it ran in, tokens. */
  readonly numCtx: number;
  readonly reloads: number;
  /** Attempts that the prompt did not fit; with `truncate: false` they cost no prefill. */
  readonly refused: number;
  readonly outcome: 'whole' | 'shifted' | 'cut';
  /** A runner was started for it: because none was there, or because of another window. */
  readonly loaded: boolean;
  /** Seconds of those starts; of its prompt, and of its answer. */
  readonly loadSeconds: number;
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
  /** Tokens of the prompt that were there already. */
  readonly cachedTokens: number;
}

/** A runner that is there when a replay begins. */
export interface LoadedBefore {
  readonly numCtx: number;
  /** When its last answer ended, seconds since the start: negative. */
  readonly endedAtSeconds: number;
}

/** What a prompt cut and an answer that outgrew its window are priced at, seconds. */
export const SHORT_SECONDS = { cut: 120, shifted: 60 } as const;

/** Seconds of a load at this window, for the machine's reference model. */
export function referenceLoadSeconds(hardware: Hardware, numCtx: number): number {
  return hardware.loadSeconds + (hardware.loadSecondsPerKvGib * numCtx * hardware.kvBytesPerToken) / GIB;
}

/** How many times slower the reference model runs at this window than with everything on the GPU. */
export function referenceSlowdown(hardware: Hardware, numCtx: number): number {
  const total = hardware.weightsBytes + hardware.overheadBytes + numCtx * hardware.kvBytesPerToken;
  const share = Math.max(0, total - hardware.vramBytes) / total;
  return 1 + share * (hardware.cpuSlowdown - 1);
}

/** The price of holding a window's KV cache, seconds a second. */
export function referenceHoldPrice(hardware: Hardware, numCtx: number): number {
  return (numCtx * ((hardware.memoryPrice / 3600) * hardware.kvBytesPerToken)) / GIB;
}

/**
 * One runner of the machine's reference model, requests one after the other: the reload rules and the
 * cost model without queues, slots or texts. Cheap enough to judge a policy on a whole log. Its sums are
 * those of the sizing workloads' scorer.
 */
export class SizingReplay {
  readonly #hardware: Hardware;
  #numCtx: number | null = null;
  #auto = true;
  #lastEnd: number | null = null;
  #lastConversation: string | null = null;
  #cost = { load: 0, prefix: 0, spill: 0, hold: 0, short: 0 };

  constructor(hardware: Hardware, before: LoadedBefore | null = null) {
    this.#hardware = hardware;
    if (before === null) return;
    this.#take(before.numCtx, false);
    this.#lastEnd = before.endedAtSeconds;
  }

  /** The loaded window, tokens; null when nothing is loaded or it would have expired by `atSeconds`. */
  windowAt(atSeconds: number): number | null {
    const idle = this.#lastEnd === null ? 0 : atSeconds - this.#lastEnd;
    return idle > this.#hardware.keepAliveSeconds ? null : this.#numCtx;
  }

  /** When the last answer was complete, seconds since the start; 0 before any. */
  get endedAtSeconds(): number {
    return this.#lastEnd ?? 0;
  }

  /** The tally so far. */
  cost(): SizingCost {
    return { ...this.#cost };
  }

  /** `attempts`: windows sent with `truncate: false`, one after the other until the prompt fits; null: none named. */
  request(request: SizedRequest, attempts: readonly (number | null)[]): SizingStep {
    this.#idle(request.atSeconds);
    let [fresh, lost, fits] = [false, false, false];
    let [reloads, refused, loadSeconds] = [0, 0, 0];
    for (const attempt of attempts) {
      const target = this.#target(attempt);
      if (this.#numCtx === null) {
        [fresh, lost] = [true, true];
        loadSeconds += referenceLoadSeconds(this.#hardware, target);
        this.#take(target, attempt === null);
      } else if (target !== this.#numCtx) {
        reloads += 1;
        lost = true;
        const seconds = referenceLoadSeconds(this.#hardware, target);
        loadSeconds += seconds;
        this.#cost.load += seconds;
        this.#take(target, attempt === null);
      }
      fits = request.promptTokens < target;
      if (fits) break;
      refused += 1;
    }
    const numCtx = this.#numCtx ?? this.#target(null);
    const served = this.#serve(request, numCtx, fresh, lost);
    const outgrown = request.promptTokens < numCtx && numCtx < request.promptTokens + request.outputTokens;
    const outcome = !fits ? 'cut' : outgrown ? 'shifted' : 'whole';
    if (outcome !== 'whole') this.#cost.short += SHORT_SECONDS[outcome];
    return { numCtx, reloads, refused, outcome, loaded: lost, loadSeconds, ...served };
  }

  #take(numCtx: number, auto: boolean): void {
    this.#numCtx = numCtx;
    this.#auto = auto;
  }

  /** The window that the server compares with the loaded one. */
  #target(attempt: number | null): number {
    if (attempt === null && this.#numCtx !== null && this.#auto) return this.#numCtx;
    const { defaultContext, maxContext } = this.#hardware;
    return Math.max(4, Math.min(Math.trunc(attempt ?? defaultContext), maxContext));
  }

  #idle(atSeconds: number): void {
    if (this.#lastEnd === null || this.#numCtx === null) return;
    const span = Math.min(Math.max(0, atSeconds - this.#lastEnd), this.#hardware.keepAliveSeconds);
    this.#cost.hold += span * referenceHoldPrice(this.#hardware, this.#numCtx);
    this.#numCtx = this.windowAt(atSeconds);
  }

  #serve(request: SizedRequest, numCtx: number, fresh: boolean, lost: boolean) {
    const { prefillRate, decodeRate } = this.#hardware;
    const same = request.conversation !== null && request.conversation === this.#lastConversation;
    const kept = same ? request.cachedPrefix : 0;
    const pure = (cached: number) => (request.promptTokens - cached) / prefillRate + request.outputTokens / decodeRate;
    const cached = lost ? 0 : kept;
    if (!fresh) this.#cost.prefix += (kept - cached) / prefillRate;
    this.#cost.spill +=
      pure(cached) * (referenceSlowdown(this.#hardware, numCtx) - referenceSlowdown(this.#hardware, 0));
    const slower = referenceSlowdown(this.#hardware, numCtx);
    this.#lastEnd = request.atSeconds + pure(fresh ? 0 : kept) * referenceSlowdown(this.#hardware, 0);
    this.#lastConversation = request.conversation;
    return {
      cachedTokens: cached,
      prefillSeconds: ((request.promptTokens - cached) / prefillRate) * slower,
      decodeSeconds: (request.outputTokens / decodeRate) * slower,
    };
  }
}
