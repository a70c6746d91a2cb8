import type { EventStore } from './event-store.js';
import { skippedPositions } from './parked-events.js';
import type { Projection, ReadModelStore } from './projection.js';
import { applyPage, type Folding } from './projection-page.js';
import { readAtOneCheckpoint } from './rebuild.js';
import { compareRows, type ReadModelDifference } from './row-differences.js';
import { Upcasters } from './upcasters.js';

export interface RebuildBesideOptions {
  /**
   * Events read and committed at once: what a kill costs, against the rows written again and again.
   * @default 20_000
   */
  readonly pageSize?: number;
  /** @default none */
  readonly upcasters?: Upcasters;
  /** Build and compare, then throw away what was built. @default false */
  readonly dryRun?: boolean;
  /** Called after each page with the position reached and the one it goes for. */
  readonly onProgress?: (position: number, target: number) => void;
}

export interface RebuildBesideReport {
  readonly projection: string;
  readonly version: number;
  /** Where folding began; above 0 when an earlier rebuild was interrupted, or the log begins later. */
  readonly from: number;
  /** Where the rows stand that are in use now. */
  readonly to: number;
  readonly rows: number;
  /** The version whose rows were in use: this one, or an older one; null when there were none. */
  readonly comparedWith: number | null;
  /** Rows that were not what the log gives. Compared with an older version's: what the new fold changes. */
  readonly differences: readonly ReadModelDifference[];
  readonly switched: boolean;
}

/** Name under which rows are built until they are switched in. */
export function builtName(projection: string): string {
  return `${projection}~rebuild`;
}

/**
 * Folds the log anew beside the rows in use, compares, and switches in one transaction. Nobody who
 * reads meanwhile sees anything of it. Killed at any point, it goes on where it was. `projection` must be fresh.
 */
export async function rebuildBeside(
  events: EventStore,
  readModels: ReadModelStore,
  projection: Projection,
  options: RebuildBesideOptions = {},
): Promise<RebuildBesideReport> {
  const { name, version } = projection;
  const built = builtName(name);
  const inUse = [...readModels.versions(name)].filter((stored) => stored <= version).at(-1) ?? null;
  const live = inUse === null ? null : readAtOneCheckpoint(readModels, name, inUse);
  const same = inUse === version && live !== null;
  const target = same ? live.checkpoint : await events.head();

  const builder = new Builder(events, readModels, projection, options);
  const from = builder.begin(same ? target : Infinity);
  // The last event stays for whoever runs the projection: its next commit finds the checkpoint moved, and it loads anew.
  const until = same ? Math.max(from, target - 1) : target;
  await builder.foldTo(until);
  const rows = await builder.rowsAt(target);
  const found = live === null ? [] : compareRows(live.rows, rows);
  const switched = options.dryRun !== true;
  if (switched) readModels.replace(name, version, built);
  else readModels.drop(built, version);
  return {
    projection: name,
    version,
    from,
    to: builder.position,
    rows: rows.size,
    comparedWith: inUse,
    differences: found.map((difference) => ({ projection: name, version, ...difference })),
    switched,
  };
}

/** Folds pages into rows under a name of their own, from wherever an earlier one left off. */
class Builder {
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #projection: Projection;
  readonly #folding: Folding;
  readonly #options: RebuildBesideOptions;
  readonly #built: string;
  position = 0;

  constructor(events: EventStore, readModels: ReadModelStore, projection: Projection, options: RebuildBesideOptions) {
    const { name, version } = projection;
    this.#events = events;
    this.#readModels = readModels;
    this.#built = builtName(name);
    this.#options = options;
    this.#projection = projection;
    this.#folding = {
      projection,
      types: new Set(projection.types),
      upcasters: options.upcasters ?? new Upcasters(),
      skipped: skippedPositions(readModels.parked, name, version),
    };
  }

  /**
   * Takes up what an interrupted rebuild has left, unless the log begins later by now or it has come as far as
   * the rows it is to be compared with. Returns the position.
   */
  begin(before: number): number {
    const { name, version } = this.#projection;
    const base = this.#readModels.base(name, version);
    const begun = this.#readModels.versions(this.#built).includes(version);
    const left = begun ? this.#readModels.checkpoint(this.#built, version) : 0;
    const usable = begun && left >= base.position && left < before;
    if (!usable) {
      this.#readModels.drop(this.#built, version);
      this.#readModels.commit(this.#built, version, base.position, base.position, ({ put }) => {
        for (const [key, row] of base.rows) put(key, row);
      });
    }
    this.position = usable ? left : base.position;
    this.#projection.load(this.#readModels.rows(this.#built, version));
    return this.position;
  }

  /** Commits up to `until`. Only events that the projection folds are read: of a rare type that is next to nothing. */
  async foldTo(until: number): Promise<void> {
    const { pageSize = 20_000, onProgress } = this.#options;
    const { version, types } = this.#projection;
    while (this.position < until) {
      const read = await this.#events.readAll({ after: this.position, limit: pageSize, types });
      const page = read.filter(({ position }) => position <= until);
      const to = read.length < pageSize || page.length < read.length ? until : page.at(-1)!.position;
      applyPage(this.#folding, page);
      this.#readModels.commit(this.#built, version, this.position, to, (writer) => this.#projection.flush(writer));
      this.position = to;
      onProgress?.(to, until);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** The rows as they are once the events up to `target` are folded too; what is built stays without them. */
  async rowsAt(target: number): Promise<ReadonlyMap<string, unknown>> {
    const { version } = this.#projection;
    const rows = new Map(this.#readModels.rows(this.#built, version));
    const left = await this.#events.readAll({ after: this.position, limit: Math.max(0, target - this.position) });
    applyPage(
      this.#folding,
      left.filter(({ position }) => position <= target),
    );
    this.#projection.flush({
      // As a store would give it back.
      put: (key, row) => void rows.set(key, JSON.parse(JSON.stringify(row))),
      delete: (key) => void rows.delete(key),
    });
    return rows;
  }
}
