import {
  ProjectionRunner,
  rebuildBeside,
  type ProjectionRunnerOptions,
  type ProjectionStatus,
} from '@rightsize/event-store';
import { EVENT_UPCASTERS } from '../event-upcasters.js';
import type { LogStorage } from '../ports.js';
import type { DomainProjection } from './folded-rows.js';

/** Milliseconds between an append and its folding, so that a page of the log is folded at once. */
const FOLD_DELAY_MS = 100;

/** Events that are read at once for folding: as they come back from JSON, a fraction of a millisecond. */
const LIVE_PAGE = 24;

/** Milliseconds that a projection folds at once: a request is not to wait for more. */
const TURN_MS = 0.5;

/** Milliseconds between commits of a read model: what is folded again after a kill. Its largest rows take milliseconds to write. */
const COMMIT_DELAY_MS = 1_000;

/** Events read at once while requests are served: they are parsed in one go. */
const LATE_PAGE = 64;

/** More events than this are not waited for at start: a fold that has changed begins at the first. */
const FAR_BEHIND = 10_000;

/** Events of which there are two for each request; of others there are few. */
const FREQUENT: ReadonlySet<string> = new Set(['request.optimized', 'request.completed']);

const OPTIONS: ProjectionRunnerOptions = {
  upcasters: EVENT_UPCASTERS,
  wakeDelayMs: FOLD_DELAY_MS,
  livePageSize: LIVE_PAGE,
  liveTurnMs: TURN_MS,
  commitDelayMs: COMMIT_DELAY_MS,
};

/**
 * Keeps read models at the end of the log. Those that are near it when the program starts, or that few events concern,
 * are there before anything is decided; those that are far from it (their fold has changed) catch up between requests.
 */
export class ProjectionHost {
  readonly #storage: LogStorage;
  readonly #projections: readonly DomainProjection[];
  #near: ProjectionRunner | null = null;
  #late: ProjectionRunner | null = null;
  #lateNames: ReadonlySet<string> = new Set();
  #current: Promise<void> = Promise.resolve();

  constructor(storage: LogStorage, projections: readonly DomainProjection[]) {
    this.#storage = storage;
    this.#projections = projections;
  }

  /** Resolves when those that are near have caught up, or cannot go on. */
  async start(): Promise<void> {
    const { store, readModels } = this.#storage;
    const head = await store.head();
    const far = this.#projections.filter(
      ({ name, version }) => head - readModels.checkpoint(name, version) > FAR_BEHIND,
    );
    const late = new Set(far.filter(({ types }) => types.some((type) => FREQUENT.has(type))));
    for (const rare of far) {
      if (!late.has(rare)) await rebuildBeside(store, readModels, rare, { upcasters: EVENT_UPCASTERS });
    }
    const near = this.#projections.filter((projection) => !late.has(projection));
    this.#near = new ProjectionRunner(store, readModels, near, OPTIONS);
    await this.#near.start();
    await this.#near.waitFor(head).catch(() => undefined);
    if (late.size > 0) this.#catchUp([...late]);
  }

  /** Resolves when all have caught up, or cannot go on. */
  get current(): Promise<void> {
    return this.#current;
  }

  /** Whether the rows of a read model are those of the log, but for its last moments. */
  isCurrent(name: string): boolean {
    return !this.#lateNames.has(name);
  }

  /** In the order in which they were given. */
  status(): readonly ProjectionStatus[] {
    const all = [...(this.#near?.status() ?? []), ...(this.#late?.status() ?? [])];
    return this.#projections.flatMap(({ name }) => all.filter((status) => status.name === name));
  }

  /** Resolves when a position is folded by all but those that are catching up; it may be that one has stopped. */
  async folded(position: number): Promise<void> {
    const runners = [this.#near, this.#lateNames.size === 0 ? this.#late : null];
    await Promise.all(runners.map((runner) => runner?.waitFor(position).catch(() => undefined)));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#near?.stop(), this.#late?.stop()]);
  }

  #catchUp(projections: readonly DomainProjection[]): void {
    const { store, readModels } = this.#storage;
    this.#lateNames = new Set(projections.map(({ name }) => name));
    this.#late = new ProjectionRunner(store, readModels, projections, {
      ...OPTIONS,
      pageSize: LATE_PAGE,
      catchUpTurnMs: TURN_MS,
    });
    this.#current = this.#late.start().then(() => {
      this.#lateNames = new Set();
    });
  }
}
