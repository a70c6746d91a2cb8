import type { EventStore } from './event-store.js';
import { InMemoryReadModelStore } from './in-memory-read-model-store.js';
import type { FoldBase, Projection, ReadModelStore } from './projection.js';
import { skippedPositions } from './parked-events.js';
import { foldPage } from './projection-page.js';
import { compareRows, type ReadModelDifference } from './row-differences.js';
import { Upcasters } from './upcasters.js';

export interface RebuildOptions {
  /** Position to stop at; the log's end when absent. */
  readonly until?: number;
  /** @default 1000 */
  readonly pageSize?: number;
  /** @default none */
  readonly upcasters?: Upcasters;
  /** Where to begin. @default at the log's beginning, with no rows */
  readonly base?: FoldBase;
  /** Positions of parked events to pass over. @default none */
  readonly skipped?: ReadonlySet<number>;
  /** Called after each page with the position reached. */
  readonly onProgress?: (position: number) => void;
}

/** Folds the log into rows of its own, apart from the live ones. `projection` must be a fresh one. */
export async function rebuild(
  events: EventStore,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<InMemoryReadModelStore> {
  const { until = Number.MAX_SAFE_INTEGER, pageSize = 1000, upcasters = new Upcasters(), onProgress } = options;
  const readModels = new InMemoryReadModelStore();
  const { name, version } = projection;
  const base = options.base ?? { position: 0, rows: [] };
  const folding = { projection, types: new Set(projection.types), upcasters, skipped: options.skipped ?? new Set() };
  if (base.position > 0) {
    readModels.commit(name, version, 0, base.position, ({ put }) => {
      for (const [key, row] of base.rows) put(key, row);
    });
  }
  projection.load(readModels.rows(name, version));
  for (let from = base.position; from < until;) {
    const read = await events.readAll({ after: from, limit: pageSize });
    const page = read.filter((event) => event.position <= until);
    if (page.length === 0) break;
    from = foldPage(readModels, folding, { from, page });
    onProgress?.(from);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return readModels;
}

/**
 * Compares stored rows with rows folded anew from the log up to the same checkpoint: none differ, or
 * a projection is not deterministic, or somebody touched the rows. Safe beside a live runner.
 */
export async function verifyReadModels(
  events: EventStore,
  readModels: ReadModelStore,
  projections: readonly Projection[],
  options: Omit<RebuildOptions, 'until' | 'base' | 'skipped'> = {},
): Promise<readonly ReadModelDifference[]> {
  const differences: ReadModelDifference[] = [];
  for (const projection of projections) {
    const { name, version } = projection;
    const { checkpoint, rows } = readAtOneCheckpoint(readModels, name, version);
    const base = readModels.base(name, version);
    const skipped = skippedPositions(readModels.parked, name, version);
    const rebuilt = await rebuild(events, projection, { ...options, base, skipped, until: checkpoint });
    const found = compareRows(rows, new Map(rebuilt.rows(name, version)));
    differences.push(...found.map((difference) => ({ projection: name, version, ...difference })));
  }
  return differences;
}

/** Another process may commit between the two reads; then they are read again. */
export function readAtOneCheckpoint(
  readModels: ReadModelStore,
  name: string,
  version: number,
): { readonly checkpoint: number; readonly rows: ReadonlyMap<string, unknown> } {
  for (;;) {
    const checkpoint = readModels.checkpoint(name, version);
    const rows = new Map(readModels.rows(name, version));
    if (readModels.checkpoint(name, version) === checkpoint) return { checkpoint, rows };
  }
}
