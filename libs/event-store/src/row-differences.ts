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

/** Rows by key, canonical: the order in which a row's keys were set does not count. */
export function compareRows(
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
