import type { RunnerView } from '@rightsize/optimizer-core';
import type { Backend, LoadedModel } from './backend.js';
import type { Clock } from './clock.js';
import { GpuSight } from './gpu-sight.js';
import { RunnerBelief } from './runner-belief.js';

/** Polling goes on this long after the last request. */
const ACTIVE_MS = 10_000;

/** While a model changes its window, others wait to hear that it is there. */
const SWITCHING_POLL_MS = 250;

/** Model names come from clients. */
const CAPACITY = 1_000;

/** A request of ours that asked for a window and has not been answered yet. */
export interface Ticket {
  /** The server has begun to answer: it runs in the window that was asked for. */
  answered(): void;
  /** The exchange is over, answered or not. Idempotent. */
  ended(): void;
  /** It asked for what was believed to be loaded. `loaded`: the server loaded the model for it all the same. */
  pinned(loaded: boolean): void;
}

export interface TrackerTiming {
  readonly pollMs: number;
  readonly staleMs: number;
}

/**
 * Knows what is loaded, by runner: names of one model file share one. It learns from `/api/ps`, from what
 * we asked for ourselves, and from answers that should have met a loaded runner and did not.
 */
export class RunnerTracker {
  readonly #backend: Pick<Backend, 'loaded'>;
  readonly #clock: Clock;
  readonly #timing: TrackerTiming;
  readonly #runnerOf: (model: string) => string;
  readonly #beliefs = new Map<string, RunnerBelief>();
  readonly #gpu = new GpuSight();
  #loaded: readonly LoadedModel[] = [];
  /** Told which runner has got what one of ours asked for, before that is answered. */
  #onShown: (runner: string) => void = () => undefined;
  #isSwitching: () => boolean = () => false;
  /** Counts answers and looks: which came first is not a matter of clocks. */
  #order = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #lastUseMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: string | null = null;
  #stopped = false;

  /** `runnerOf` tells which runner serves a model. */
  constructor(
    backend: Pick<Backend, 'loaded'>,
    clock: Clock,
    timing: TrackerTiming,
    runnerOf: (model: string) => string = (model) => model,
  ) {
    this.#backend = backend;
    this.#clock = clock;
    this.#timing = timing;
    this.#runnerOf = runnerOf;
  }

  /** Who waits for switches: asks whether there are any, and is told when one is through. */
  watch(isSwitching: () => boolean, onShown: (runner: string) => void): void {
    this.#isSwitching = isSwitching;
    this.#onShown = onShown;
  }

  /** Which runner serves the model: its file, or while that is not known its name. */
  runnerOf(model: string): string {
    return this.#runnerOf(model);
  }

  /** What runs now, as far as is known; null: nothing. Memory only. */
  view(model: string): RunnerView | null {
    const belief = this.#beliefs.get(this.#runnerOf(model));
    return belief?.view({ wallMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() }) ?? null;
  }

  /** Somebody else keeps changing the runner: what is loaded and holds the need is not to be changed. */
  isContested(model: string): boolean {
    return this.#beliefs.get(this.#runnerOf(model))?.isContested(this.#clock.monotonicMs()) ?? false;
  }

  /** The largest window seen wholly on the GPU, once a larger one was seen spilling; null: no limit seen. Tokens. */
  seenMemoryWindow(model: string): number | null {
    return this.#gpu.memoryWindow(model);
  }

  /** What the last look showed. */
  get loaded(): readonly LoadedModel[] {
    return this.#loaded;
  }

  /** A request of ours waits for a window that the server does not show yet. */
  get isLoading(): boolean {
    return [...this.#beliefs.values()].some((belief) => belief.isLoading);
  }

  /** Why `/api/ps` cannot be read; null when it can. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Whether the last look is too old to decide by. */
  get stale(): boolean {
    return this.#clock.monotonicMs() - this.#lookedAtMs > this.#timing.staleMs;
  }

  /**
   * Whether to look before deciding for the model: what is known is too old, or nothing is (a load is about
   * to cost seconds, a look a millisecond), or somebody else keeps changing it.
   */
  mustLook(model: string): boolean {
    return this.stale || this.view(model) === null || this.isContested(model);
  }

  /** Somebody may have changed a runner past us: what is known is looked up again before the next decision. */
  distrust(): void {
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Keeps polling for a while. Called for every request. */
  used(): void {
    this.#lastUseMs = this.#clock.monotonicMs();
    this.#schedule();
  }

  /** A request is about to be sent with this window. */
  ask(model: string, window: number): Ticket {
    const belief = this.#beliefOf(this.#runnerOf(model));
    const relied = belief.ask(window);
    let state: 'asked' | 'answered' | 'ended' = 'asked';
    return {
      answered: () => {
        if (state !== 'asked') return;
        state = 'answered';
        belief.answered(window, ++this.#order, this.#clock.monotonicMs());
      },
      ended: () => {
        if (state === 'ended') return;
        if (state === 'asked') this.distrust();
        belief.ended(window, state === 'answered', this.#clock.monotonicMs());
        state = 'ended';
      },
      pinned: (loaded) => belief.pinned(loaded, relied, this.#clock.monotonicMs()),
    };
  }

  /** Reads `/api/ps`. Concurrent callers share one look. Never rejects: see {@link failure}. */
  look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const order = ++this.#order;
    const startedAtMs = this.#clock.monotonicMs();
    try {
      this.#replace(await this.#backend.loaded(), order);
      this.#failure = null;
      this.#lookedAtMs = startedAtMs;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** What was confirmed by an answer after the look had started is newer than the look. */
  #replace(models: readonly LoadedModel[], order: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#loaded = models;
    const present = new Set<string>();
    for (const model of models) {
      const runner = this.#runnerOf(model.model);
      this.#gpu.note(model);
      // After a name was made anew it can be listed twice: the first stays longest, and is the one in use.
      if (present.has(runner)) continue;
      present.add(runner);
      if (this.#beliefOf(runner).shown(model, order, nowMs)) this.#onShown(runner);
    }
    for (const [runner, belief] of this.#beliefs) if (!present.has(runner)) belief.hidden(order, nowMs);
  }

  #beliefOf(runner: string): RunnerBelief {
    const known = this.#beliefs.get(runner);
    if (known) return known;
    if (this.#beliefs.size >= CAPACITY) {
      for (const [name, belief] of this.#beliefs) if (belief.isIdle) this.#beliefs.delete(name);
    }
    const belief = new RunnerBelief();
    this.#beliefs.set(runner, belief);
    return belief;
  }

  #schedule(): void {
    if (this.#timer || this.#stopped) return;
    const { pollMs } = this.#timing;
    const wait = this.#isSwitching() ? Math.min(pollMs, SWITCHING_POLL_MS) : pollMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.look().then(() => {
        const isActive = this.#clock.monotonicMs() - this.#lastUseMs < ACTIVE_MS;
        if (isActive || this.#isSwitching()) this.#schedule();
      });
    }, wait);
    this.#timer.unref();
  }
}
