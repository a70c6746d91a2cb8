import type { EventStore } from './event-store.js';
import type { Projection, ReadModelStore } from './projection.js';
import { ProjectionStoppedError, type ProjectionStatus } from './projection-status.js';
import { ProjectionWorker } from './projection-worker.js';
import { SharedPages } from './shared-pages.js';
import { Turns } from './turns.js';
import { Upcasters } from './upcasters.js';

export interface ProjectionRunnerOptions {
  /**
   * Events read at once; between pages everybody else gets a turn.
   * @default 128
   */
  readonly pageSize?: number;
  /**
   * Events that a projection which has caught up reads at once.
   * @default pageSize
   */
  readonly livePageSize?: number;
  /**
   * Milliseconds after which a projection that has caught up gives way in the middle of a page: it folds between
   * requests that are served.
   * @default Infinity
   */
  readonly liveTurnMs?: number;
  /**
   * The same for one that has not caught up yet.
   * @default Infinity
   */
  readonly catchUpTurnMs?: number;
  /**
   * Milliseconds between the hint that something was appended and the look at the log, so that what comes
   * close together is folded together. Somebody in {@link ProjectionRunner.waitFor} ends the wait.
   * @default 0
   */
  readonly wakeDelayMs?: number;
  /**
   * Milliseconds from a fold to the commit of it, together with all that was folded meanwhile: what a killed
   * process folds again, against rows written once instead of again and again. 0: every page is committed.
   * @default 0
   */
  readonly commitDelayMs?: number;
  /**
   * Milliseconds between looks at the log without a hint: events of another process give none. 0: never.
   * @default 1000
   */
  readonly pollMs?: number;
  /** @default none: events are folded as they were stored */
  readonly upcasters?: Upcasters;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Feeds projections from the log, each at its own pace: from its checkpoint to the log's end, then
 * live. A projection that fails stops alone; one whose store is locked or full tries again.
 */
export class ProjectionRunner {
  readonly #events: EventStore;
  readonly #workers: readonly ProjectionWorker[];
  readonly #pollMs: number;
  readonly #wakeDelayMs: number;
  readonly #waiters = new Set<Waiter>();
  #started: Promise<void> | null = null;
  #stopped = false;
  #unsubscribe: (() => void) | null = null;
  #poll: ReturnType<typeof setInterval> | null = null;
  #delayed: ReturnType<typeof setTimeout> | null = null;

  constructor(
    events: EventStore,
    readModels: ReadModelStore,
    projections: readonly Projection[],
    options: ProjectionRunnerOptions = {},
  ) {
    const { pageSize = 128, pollMs = 1000, wakeDelayMs = 0, upcasters } = options;
    const shared = {
      pageSize,
      livePageSize: options.livePageSize ?? pageSize,
      liveTurnMs: options.liveTurnMs ?? Infinity,
      catchUpTurnMs: options.catchUpTurnMs ?? Infinity,
      commitDelayMs: options.commitDelayMs ?? 0,
      upcasters: upcasters ?? new Upcasters(),
      now: options.now ?? Date.now,
      turns: new Turns(),
      onChange: (): void => this.#settle(),
    };
    this.#events = events;
    this.#pollMs = pollMs;
    this.#wakeDelayMs = wakeDelayMs;
    this.#workers = projections.map((projection) => new ProjectionWorker(readModels, projection, shared));
  }

  /**
   * Loads every projection's committed rows before it returns, then catches up. Resolves when each
   * is live or could not go on (`status()` says which); never rejects. Starts once.
   */
  start(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#started ??= this.#startOnce();
    return this.#started;
  }

  /** Where each projection stands, in the order they were given. */
  status(): readonly ProjectionStatus[] {
    return this.#workers.map((worker) => worker.status());
  }

  /**
   * Resolves when every projection has folded up to `position` (and committed, unless commits are delayed), be
   * that now or later. Rejects with
   * a {@link ProjectionStoppedError} as soon as one has stopped short of it: waiting on would be forever.
   */
  waitFor(position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.add({ position, resolve, reject });
      this.#settle();
      if (this.#delayed !== null && this.#waiters.size > 0) void this.#wake();
    });
  }

  /** Stops after the batches at hand; resolves when they are committed. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#delayed !== null) clearTimeout(this.#delayed);
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  async #startOnce(): Promise<void> {
    this.#unsubscribe = this.#events.onAppended(() => this.#wakeSoon());
    if (this.#pollMs > 0) {
      this.#poll = setInterval(() => void this.#wake(), this.#pollMs);
      this.#poll.unref();
    }
    await this.#wake();
  }

  #wakeSoon(): void {
    if (this.#wakeDelayMs === 0 || this.#waiters.size > 0) void this.#wake();
    else this.#delayed ??= setTimeout(() => void this.#wake(), this.#wakeDelayMs);
  }

  async #wake(): Promise<void> {
    if (this.#delayed !== null) clearTimeout(this.#delayed);
    this.#delayed = null;
    const pages = new SharedPages(this.#events);
    await Promise.all(this.#workers.map((worker) => worker.wake(pages)));
  }

  #settle(): void {
    const all = this.status();
    for (const waiter of this.#waiters) {
      const behind = all.filter((one) => one.position < waiter.position);
      const stuck = behind.find((one) => one.state === 'stopped');
      if (behind.length > 0 && stuck === undefined) continue;
      this.#waiters.delete(waiter);
      if (stuck === undefined) waiter.resolve();
      else waiter.reject(new ProjectionStoppedError(stuck.name, stuck.position, stuck.error));
    }
  }
}
