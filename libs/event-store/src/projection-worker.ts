import { EventStoreError } from './event-store.js';
import { CheckpointMovedError, type Projection, type ReadModelStore } from './projection.js';
import { PoisonEventError, skippedPositions } from './parked-events.js';
import { ProjectionMemory } from './projection-memory.js';
import type { ProjectionStatus } from './projection-status.js';
import type { Page, SharedPages } from './shared-pages.js';
import type { Turns } from './turns.js';
import type { Upcasters } from './upcasters.js';

export interface ProjectionWorkerOptions {
  /** Events read at once. */
  readonly pageSize: number;
  /** The same, once it has caught up. */
  readonly livePageSize: number;
  /** Milliseconds after which the fold of a page stops for a turn of the event loop, once it has caught up. */
  readonly liveTurnMs: number;
  /** The same before that. */
  readonly catchUpTurnMs: number;
  /** Milliseconds from the first fold to the commit of it and of all that followed. 0: every page is committed. */
  readonly commitDelayMs: number;
  readonly turns: Turns;
  readonly upcasters: Upcasters;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called after every change of position or state. */
  readonly onChange: () => void;
}

/** One projection on its way along the log. Never runs twice at once; being woken while it runs makes it look again. */
export class ProjectionWorker {
  readonly #readModels: ReadModelStore;
  readonly #projection: Projection;
  readonly #options: ProjectionWorkerOptions;
  readonly #memory: ProjectionMemory;
  #head = 0;
  #state: ProjectionStatus['state'] = 'catching-up';
  #error: Error | null = null;
  /** Position of the event it cannot fold. */
  #poison: number | null = null;
  /** Every page is committed, so that all that comes before an event that cannot be folded is. */
  #isWary = false;
  #commitLater: ReturnType<typeof setTimeout> | null = null;
  /** What the latest wake brought; null when nobody has woken it since. */
  #woken: SharedPages | null = null;
  #running: Promise<void> | null = null;

  constructor(readModels: ReadModelStore, projection: Projection, options: ProjectionWorkerOptions) {
    this.#readModels = readModels;
    this.#projection = projection;
    this.#options = options;
    this.#memory = new ProjectionMemory(readModels, projection, options.upcasters);
  }

  status(): ProjectionStatus {
    const { name, version } = this.#projection;
    const { position } = this.#memory;
    const lag = Math.max(0, this.#head - position);
    return {
      name,
      version,
      position,
      lag,
      state: this.#state,
      error: this.#error,
      parkedAt: this.#poison,
    };
  }

  /** Looks for new events, unless stopped. Resolves when none are left, or it cannot go on. Never rejects. */
  wake(pages: SharedPages): Promise<void> {
    if (this.#poison !== null) this.#resumeWhenSkipped(this.#poison);
    if (this.#state === 'stopped') return Promise.resolve();
    this.#woken = pages;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Stops after the batch at hand; resolves when it is committed. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#poison = null;
    await this.#running;
    this.#tryCommit();
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    while (this.#woken && this.#state !== 'stopped') {
      const pages = this.#woken;
      this.#woken = null;
      try {
        await this.#drain(pages);
      } catch (thrown) {
        this.#fail(asError(thrown), pages);
      }
      this.#options.onChange();
    }
    // In the same step as the loop's last look at #woken: a wake in between would be lost.
    this.#running = null;
  }

  async #drain(pages: SharedPages): Promise<void> {
    this.#memory.load();
    for (;;) {
      const { pageSize, livePageSize } = this.#options;
      const page = await pages.read(this.#memory.position, this.#state === 'live' ? livePageSize : pageSize);
      const isThrough = await this.#process(page);
      if (this.#stopping()) return;
      if (isThrough && page.isLast) break;
    }
    this.#caughtUp();
  }

  /** False: it is to go over it again, and commit page by page. */
  async #process({ events, head }: Page): Promise<boolean> {
    for (let isThrough = events.length === 0; !isThrough;) {
      await this.#options.turns.next();
      if (this.#stopping()) break;
      // A commit that failed meanwhile has taken it back to before the page.
      if (!this.#memory.isLoaded) {
        this.#memory.load();
        return false;
      }
      this.#head = Math.max(this.#head, head);
      const wasAhead = this.#memory.isAhead;
      try {
        isThrough = this.#fold(events);
      } catch (error) {
        if (!(error instanceof PoisonEventError)) throw error;
        this.#memory.load();
        this.#isWary = wasAhead;
        if (wasAhead) return false;
        this.#foldUpTo(error, events);
        throw error;
      }
    }
    return true;
  }

  /** What comes before an event that cannot be folded is committed. */
  #foldUpTo(poison: PoisonEventError, events: Page['events']): void {
    const sound = events.filter(({ position }) => position < poison.position);
    while (sound.length > 0 && !this.#fold(sound));
    this.#commit();
  }

  #fold(page: Page['events']): boolean {
    const { commitDelayMs, liveTurnMs, catchUpTurnMs } = this.#options;
    const turnMs = this.#state === 'live' ? liveTurnMs : catchUpTurnMs;
    const isThrough = this.#memory.fold(page, performance.now() + turnMs);
    this.#head = Math.max(this.#head, this.#memory.position);
    this.#error = null;
    if (commitDelayMs === 0 || this.#isWary) this.#commit();
    else this.#commitLater ??= this.#later(commitDelayMs);
    this.#options.onChange();
    return isThrough;
  }

  #commit(): void {
    if (this.#commitLater !== null) clearTimeout(this.#commitLater);
    this.#commitLater = null;
    this.#memory.commit();
  }

  #later(delayMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => void this.#options.turns.next().then(() => this.#tryCommit()), delayMs).unref();
  }

  /** What could not be committed is folded again at the next wake. */
  #tryCommit(): void {
    try {
      this.#commit();
    } catch (thrown) {
      this.#fail(asError(thrown), null);
      this.#options.onChange();
    }
  }

  #caughtUp(): void {
    const { name, version } = this.#projection;
    this.#error = null;
    this.#isWary = false;
    if (this.#state !== 'catching-up') return;
    this.#commit();
    // Older versions were what readers had until now; newer ones belong to a newer program that may come back.
    for (const stored of this.#readModels.versions(name)) {
      if (stored < version) this.#readModels.drop(name, stored);
    }
    this.#state = 'live';
  }

  /** `pages`: what it was reading; null: nothing. */
  #fail(error: Error, pages: SharedPages | null): void {
    if (error instanceof CheckpointMovedError) {
      this.#woken ??= pages;
      return;
    }
    const poison = error instanceof PoisonEventError ? error : null;
    this.#error = poison?.cause instanceof Error ? poison.cause : error;
    if (mayHeal(error)) return;
    this.#state = 'stopped';
    if (poison !== null) this.#park(poison);
    try {
      this.#memory.load();
    } catch {
      // The first error is the one to show; readers keep what was last committed.
    }
  }

  #park(poison: PoisonEventError): void {
    const { name, version } = this.#projection;
    this.#poison = poison.position;
    const { position, eventId, type, message } = poison;
    const note = {
      projection: name,
      version,
      position,
      eventId,
      type,
      error: message,
      parkedAtMs: this.#options.now(),
    };
    try {
      this.#readModels.parked.park(note);
    } catch {
      // It stops all the same; the next start meets the event again.
    }
  }

  #resumeWhenSkipped(position: number): void {
    const { name, version } = this.#projection;
    try {
      if (!skippedPositions(this.#readModels.parked, name, version).has(position)) return;
    } catch {
      return;
    }
    this.#poison = null;
    this.#error = null;
    this.#memory.forget();
    this.#state = 'catching-up';
  }

  // A method, so that the compiler does not believe the state unchanged across an await.
  #stopping(): boolean {
    return this.#state === 'stopped';
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** A store that is locked or full now may not be at the next wake; a fold that fails would fail again. */
function mayHeal(error: Error): boolean {
  return error instanceof EventStoreError && ['locked', 'full', 'io', 'overloaded'].includes(error.code);
}
