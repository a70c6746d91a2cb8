import type { RunnerView } from '@rightsize/optimizer-core';
import type { Backend, LoadedModel } from './backend.js';
import type { Clock } from './clock.js';

/** Ollama keeps a runner this long after its last request unless told otherwise (ollama.md section 1). */
const KEEP_ALIVE_MS = 300_000;

/** Polling goes on this long after the last request. */
const ACTIVE_MS = 10_000;

/** A request of ours that asked for a window and has not been answered yet. */
export interface Ticket {
  /** The server has begun to answer: it runs in the window that was asked for. */
  answered(): void;
  /** The exchange is over, answered or not. Idempotent. */
  ended(): void;
}

interface Seen {
  readonly model: LoadedModel;
  readonly confirmedAtMs: number;
}

/**
 * Knows what is loaded, from `/api/ps` and from what we asked for ourselves. A model that is still
 * loading is absent from `/api/ps`, and one that waits for its runner to drain shows the old window:
 * so while a request of ours is unanswered, what it asked for is the truth.
 */
export class RunnerTracker {
  readonly #backend: Backend;
  readonly #clock: Clock;
  /** Read at each use: it can change at run time. */
  readonly #timing: { readonly pollMs: number; readonly staleMs: number };
  readonly #seen = new Map<string, Seen>();
  readonly #asked = new Map<string, { window: number; unanswered: number }>();
  /** What was seen wholly on the GPU, and what was seen not to be, in tokens of window. */
  readonly #onGpu = new Map<string, { largestWhole: number; smallestSpilled: number }>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #lastUseMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: string | null = null;
  #stopped = false;

  constructor(backend: Backend, clock: Clock, timing: { readonly pollMs: number; readonly staleMs: number }) {
    this.#backend = backend;
    this.#clock = clock;
    this.#timing = timing;
  }

  /** What runs now, as far as is known; null: nothing. Memory only. */
  view(model: string): RunnerView | null {
    const seen = this.#seen.get(model);
    const asked = this.#asked.get(model);
    if (asked && asked.unanswered > 0 && asked.window !== seen?.model.window) {
      return { window: asked.window, source: 'decision', sizeBytes: null, sizeVramBytes: null, expiresAtMs: null };
    }
    if (!seen) return null;
    const { window, sizeBytes, sizeVramBytes, expiresAtMs } = seen.model;
    const busy = asked !== undefined && asked.unanswered > 0;
    if (!busy && expiresAtMs !== null && expiresAtMs <= this.#clock.nowMs()) return null;
    return { window, source: 'ps', sizeBytes, sizeVramBytes, expiresAtMs };
  }

  /** The largest window seen wholly on the GPU, once a larger one was seen spilling; null: no limit seen. Tokens. */
  seenMemoryWindow(model: string): number | null {
    const on = this.#onGpu.get(model);
    return on && on.largestWhole > 0 && on.smallestSpilled > on.largestWhole && on.smallestSpilled < Infinity
      ? on.largestWhole
      : null;
  }

  /** Why `/api/ps` cannot be read; null when it can. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Whether the last look is too old to decide by. */
  get stale(): boolean {
    return this.#clock.nowMs() - this.#lookedAtMs > this.#timing.staleMs;
  }

  /** Somebody may have changed a runner past us: what is known is looked up again before the next decision. */
  distrust(): void {
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Keeps polling for a while. Called for every request. */
  used(): void {
    this.#lastUseMs = this.#clock.nowMs();
    this.#schedule();
  }

  /** A request is about to be sent with this window. */
  ask(model: string, window: number): Ticket {
    const asked = this.#asked.get(model);
    const entry = asked && asked.window === window ? asked : { window, unanswered: 0 };
    if (entry !== asked) this.#asked.set(model, entry);
    entry.unanswered += 1;
    let open = true;
    const close = () => {
      if (!open) return false;
      open = false;
      entry.unanswered -= 1;
      if (entry.unanswered === 0 && this.#asked.get(model) === entry) this.#asked.delete(model);
      return true;
    };
    return {
      answered: () => {
        if (close()) this.#confirm(model, window);
      },
      ended: () => {
        if (close()) this.distrust();
      },
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
    const startedAtMs = this.#clock.nowMs();
    try {
      const models = await this.#backend.loaded();
      this.#replace(models, startedAtMs);
      this.#failure = null;
      this.#lookedAtMs = startedAtMs;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** What was confirmed by an answer after the look had started is newer than the look. */
  #replace(models: readonly LoadedModel[], startedAtMs: number): void {
    const present = new Map(models.map((m) => [m.model, m]));
    for (const [name, seen] of this.#seen) {
      if (seen.confirmedAtMs < startedAtMs && !present.has(name)) this.#seen.delete(name);
    }
    for (const model of models) {
      this.#noteMemory(model);
      const seen = this.#seen.get(model.model);
      if (!seen || seen.confirmedAtMs < startedAtMs) this.#seen.set(model.model, { model, confirmedAtMs: startedAtMs });
    }
  }

  #confirm(model: string, window: number): void {
    const nowMs = this.#clock.nowMs();
    const before = this.#seen.get(model)?.model;
    const same = before?.window === window;
    this.#seen.set(model, {
      model: {
        model,
        window,
        sizeBytes: same ? before.sizeBytes : null,
        sizeVramBytes: same ? before.sizeVramBytes : null,
        expiresAtMs: nowMs + KEEP_ALIVE_MS,
      },
      confirmedAtMs: nowMs,
    });
  }

  #noteMemory({ model, window, sizeBytes, sizeVramBytes }: LoadedModel): void {
    if (!sizeBytes || !sizeVramBytes) return;
    const on = this.#onGpu.get(model) ?? { largestWhole: 0, smallestSpilled: Infinity };
    if (sizeVramBytes >= sizeBytes) on.largestWhole = Math.max(on.largestWhole, window);
    else on.smallestSpilled = Math.min(on.smallestSpilled, window);
    this.#onGpu.set(model, on);
  }

  #schedule(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.look().then(() => {
        if (this.#clock.nowMs() - this.#lastUseMs < ACTIVE_MS) this.#schedule();
      });
    }, this.#timing.pollMs);
    this.#timer.unref();
  }
}
