import type { FinalChunk, Outcome } from './job.js';

/** What the machine counted since its last reset. */
export interface Counters {
  readonly requests: number;
  /** Runners started, those whose start was aborted included. */
  readonly loads: number;
  /** Of those, starts that replaced a runner of the same file. */
  readonly reloads: number;
  readonly abortedLoads: number;
  /** Starts that found too little memory. */
  readonly failedLoads: number;
  /** Runners put out to make room for another model. */
  readonly evictions: number;
  /** Prompts that lost messages or tokens silently. */
  readonly cuts: number;
  /** Answers that outgrew their window and lost the oldest half. */
  readonly shifted: number;
  /** Prompts refused because they did not fit. */
  readonly refused: number;
  readonly completions: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Sum of the windows that completions ran in, tokens: over `completions` it is the mean window. */
  readonly windowTokens: number;
  readonly outcomes: Readonly<Record<'done' | 'cancelled' | 'busy' | 'error', number>>;
}

function zero() {
  return {
    requests: 0,
    loads: 0,
    reloads: 0,
    abortedLoads: 0,
    failedLoads: 0,
    evictions: 0,
    cuts: 0,
    shifted: 0,
    refused: 0,
    completions: 0,
    promptTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    windowTokens: 0,
    outcomes: { done: 0, cancelled: 0, busy: 0, error: 0 },
  };
}

/** Keeps the machine's tally. */
export class Tally {
  #counters = zero();

  add(what: 'requests' | 'loads' | 'reloads' | 'abortedLoads' | 'failedLoads' | 'evictions' | 'refused'): void {
    this.#counters[what] += 1;
  }

  outcome(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'done':
        this.#counters.outcomes.done += 1;
        this.#completion(outcome.final);
        return;
      case 'cancelled':
        this.#counters.outcomes.cancelled += 1;
        return;
      case 'error':
        this.#counters.outcomes[outcome.status === 503 ? 'busy' : 'error'] += 1;
    }
  }

  #completion(final: FinalChunk): void {
    if (final.prompt === null || final.prompt.kind === 'refused') return;
    const counters = this.#counters;
    counters.completions += 1;
    counters.promptTokens += final.promptTokens;
    counters.cachedTokens += final.cachedTokens;
    counters.outputTokens += final.outputTokens;
    counters.windowTokens += final.numCtx;
    if (final.prompt.kind !== 'whole') counters.cuts += 1;
    if (final.shifted) counters.shifted += 1;
  }

  read(): Counters {
    return { ...this.#counters, outcomes: { ...this.#counters.outcomes } };
  }

  reset(): void {
    this.#counters = zero();
  }
}
