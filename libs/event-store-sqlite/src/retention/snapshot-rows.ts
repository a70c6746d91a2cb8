import { encodeRow, type RowWriter } from '@rightsize/event-store';

/** Rows of a projection in memory, written to as a store would be. */
export interface SnapshotRows extends RowWriter {
  readonly projection: string;
  readonly version: number;
  readonly rows: Iterable<readonly [key: string, row: unknown]>;
}

/** Rows are held as JSON text: a row handed out is not a door into the snapshot. */
export function snapshotOf(
  projection: string,
  version: number,
  base: Iterable<readonly [key: string, row: unknown]>,
): SnapshotRows {
  const texts = new Map<string, string>();
  for (const [key, row] of base) texts.set(key, encodeRow(projection, key, row));
  return {
    projection,
    version,
    put: (key, row) => void texts.set(key, encodeRow(projection, key, row)),
    delete: (key) => void texts.delete(key),
    rows: {
      *[Symbol.iterator]() {
        for (const [key, text] of texts) yield [key, JSON.parse(text) as unknown] as const;
      },
    },
  };
}
