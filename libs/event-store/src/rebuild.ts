import type { EventStore } from './event-store.js';
import { InMemoryReadModelStore } from './in-memory-read-model-store.js';
import type { Projection, ReadModelStore } from './projection.js';
import { foldPage } from './projection-page.js';
import { Upcasters } from './upcasters.js';

export interface RebuildOptions {
  /** Position to stop at; the log's end when absent. */
  readonly until?: number;
  /** @default 1000 */
  readonly pageSize?: number;
  /** @default none */
  readonly upcasters?: Upcasters;
  /** Called after each page with the position reached. */
  readonly onProgress?: (position: number) => void;
}

/** Folds the log from its beginning into rows of its own, apart from the live ones. `projection` must be a fresh one. */
export async function rebuild(
  events: EventStore,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<InMemoryReadModelStore> {
  const { until = Number.MAX_SAFE_INTEGER, pageSize = 1000, upcasters = new Upcasters(), onProgress } = options;
  const readModels = new InMemoryReadModelStore();
  const types = new Set(projection.types);
  projection.load([]);
  for (let from = 0; from < until;) {
    const read = await events.readAll({ after: from, limit: pageSize });
    const page = read.filter((event) => event.position <= until);
    if (page.length === 0) break;
    from = foldPage(readModels, projection, types, upcasters, { from, page });
    onProgress?.(from);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return readModels;
}

/** A row of a read model that is not what the log says it should be. */
export interface ReadModelDifference {
  readonly projection: string;
  readonly version: number;
  readonly key: string;
  /** `missing`: the log gives a row that is not there. `unexpected`: a row the log does not give. */
  readonly kind: 'missing' | 'unexpected' | 'different';
  /** The stored row; undefined when missing. */
  readonly live: unknown;
  /** The row folded from the log; undefined when unexpected. */
  readonly rebuilt: unknown;
}

/**
 * Compares stored rows with rows folded anew from the log up to the same checkpoint: none differ, or
 * a projection is not deterministic, or somebody touched the rows. Safe beside a live runner.
 */
export async function verifyReadModels(
  events: EventStore,
  readModels: ReadModelStore,
  projections: readonly Projection[],
  options: Omit<RebuildOptions, 'until'> = {},
): Promise<readonly ReadModelDifference[]> {
  const differences: ReadModelDifference[] = [];
  for (const projection of projections) {
    const { name, version } = projection;
    const { checkpoint, rows } = readAtOneCheckpoint(readModels, name, version);
    const rebuilt = await rebuild(events, projection, { ...options, until: checkpoint });
    const found = compareRows(rows, new Map(rebuilt.rows(name, version)));
    differences.push(...found.map((difference) => ({ projection: name, version, ...difference })));
  }
  return differences;
}

/** Another process may commit between the two reads; then they are read again. */
function readAtOneCheckpoint(
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

function compareRows(
  live: ReadonlyMap<string, unknown>,
  rebuilt: ReadonlyMap<string, unknown>,
): readonly Pick<ReadModelDifference, 'key' | 'kind' | 'live' | 'rebuilt'>[] {
  return [...new Set([...live.keys(), ...rebuilt.keys()])]
    .toSorted()
    .map((key) => ({ key, live: live.get(key), rebuilt: rebuilt.get(key) }))
    .filter((pair) => canonical(pair.live) !== canonical(pair.rebuilt))
    .map((pair) => ({ ...pair, kind: kindOf(live.has(pair.key), rebuilt.has(pair.key)) }));
}

function kindOf(inLive: boolean, inRebuilt: boolean): ReadModelDifference['kind'] {
  if (!inLive) return 'missing';
  return inRebuilt ? 'different' : 'unexpected';
}

/** JSON text that does not depend on the order in which keys were set. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, held: unknown) =>
    typeof held === 'object' && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : held,
  );
}
