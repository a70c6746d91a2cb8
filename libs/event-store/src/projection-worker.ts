import { EventStoreError } from './event-store.js';
import { CheckpointMovedError, type Projection, type ReadModelStore } from './projection.js';
import { PoisonEventError, skippedPositions } from './parked-events.js';
import { foldPage, type Folding } from './projection-page.js';
import type { ProjectionStatus } from './projection-status.js';
import type { Page, SharedPages } from './shared-pages.js';
import type { Turns } from './turns.js';
import type { Upcasters } from './upcasters.js';

export interface ProjectionWorkerOptions {
  /** Events read and committed at once. */
  readonly pageSize: number;
  /** The same once it has caught up. */
  readonly livePageSize: number;
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
  #position = 0;
  #head = 0;
  #state: ProjectionStatus['state'] = 'catching-up';
  #error: Error | null = null;
  /** Position of the event it cannot fold. */
  #poison: number | null = null;
  #folding: Folding;
  /** False when memory may be ahead of, or behind, what is committed. */
  #loaded = false;
  /** What the latest wake brought; null when nobody has woken it since. */
  #woken: SharedPages | null = null;
  #running: Promise<void> | null = null;

  constructor(readModels: ReadModelStore, projection: Projection, options: ProjectionWorkerOptions) {
    this.#readModels = readModels;
    this.#projection = projection;
    this.#options = options;
    this.#folding = {
      projection,
      types: new Set(projection.types),
      upcasters: options.upcasters,
      skipped: new Set(),
    };
  }

  status(): ProjectionStatus {
    const { name, version } = this.#projection;
    const lag = Math.max(0, this.#head - this.#position);
    return {
      name,
      version,
      position: this.#position,
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
    this.#options.onChange();
  }

  async #run(): Promise<void> {
    while (this.#woken && this.#state !== 'stopped') {
      const pages = this.#woken;
      this.#woken = null;
      try {
        await this.#drain(pages);
      } catch (thrown) {
        this.#fail(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }), pages);
      }
      this.#options.onChange();
    }
    // In the same step as the loop's last look at #woken: a wake in between would be lost.
    this.#running = null;
  }

  async #drain(pages: SharedPages): Promise<void> {
    this.#load();
    const { pageSize, livePageSize, turns } = this.#options;
    for (;;) {
      const page = await pages.read(this.#position, this.#state === 'live' ? livePageSize : pageSize);
      if (page.events.length > 0) await turns.next();
      if (this.#stopping()) return;
      this.#head = Math.max(this.#head, page.head);
      if (page.events.length > 0) this.#process(page.events);
      if (page.isLast) break;
    }
    this.#caughtUp();
  }

  /** What comes before an event that cannot be folded is committed. */
  #process(page: Page['events']): void {
    try {
      this.#commit(page);
    } catch (error) {
      if (!(error instanceof PoisonEventError)) throw error;
      const sound = page.filter(({ position }) => position < error.position);
      this.#load();
      if (sound.length > 0) this.#commit(sound);
      throw error;
    }
  }

  #commit(page: Page['events']): void {
    this.#loaded = false;
    this.#position = foldPage(this.#readModels, this.#folding, { from: this.#position, page });
    this.#head = Math.max(this.#head, this.#position);
    this.#error = null;
    this.#loaded = true;
    this.#projection.committed?.(this.#position);
    this.#options.onChange();
  }

  #caughtUp(): void {
    const { name, version } = this.#projection;
    this.#error = null;
    if (this.#state !== 'catching-up') return;
    // Older versions were what readers had until now; newer ones belong to a newer program that may come back.
    for (const stored of this.#readModels.versions(name)) {
      if (stored < version) this.#readModels.drop(name, stored);
    }
    this.#state = 'live';
  }

  #load(): void {
    if (this.#loaded) return;
    const { name, version } = this.#projection;
    this.#folding = { ...this.#folding, skipped: skippedPositions(this.#readModels.parked, name, version) };
    this.#position = this.#readModels.checkpoint(name, version);
    this.#projection.load(this.#readModels.rows(name, version));
    this.#loaded = true;
    if (this.#position > 0) this.#projection.committed?.(this.#position);
  }

  #fail(error: Error, pages: SharedPages): void {
    if (error instanceof CheckpointMovedError) {
      this.#loaded = false;
      this.#woken ??= pages;
      return;
    }
    const poison = error instanceof PoisonEventError ? error : null;
    this.#error = poison?.cause instanceof Error ? poison.cause : error;
    if (mayHeal(error)) return;
    this.#state = 'stopped';
    if (poison !== null) this.#park(poison);
    try {
      this.#load();
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
    this.#loaded = false;
    this.#state = 'catching-up';
  }

  // A method, so that the compiler does not believe the state unchanged across an await.
  #stopping(): boolean {
    return this.#state === 'stopped';
  }
}

/** A store that is locked or full now may not be at the next wake; a fold that fails would fail again. */
function mayHeal(error: Error): boolean {
  return error instanceof EventStoreError && ['locked', 'full', 'io', 'overloaded'].includes(error.code);
}
