import { addFigures, cellKey, type LedgerRow } from '@rightsize/optimizer-core';
import { withoutClients } from './without-clients.js';

type Rows = Iterable<readonly [key: string, row: unknown]>;

/** Rows of a projection's snapshot with `client` null wherever `isIt` says so of its name, and under keys without it. */
export function snapshotWithoutClients(
  projection: string,
  rows: Rows,
  isIt: (name: string) => boolean,
): Map<string, unknown> {
  if (projection === 'ledger') return ledgerWithoutClients(rows as Iterable<readonly [string, LedgerRow]>, isIt);
  return new Map([...rows].map(([key, row]) => [key, withoutClients(row, isIt)]));
}

/** A cell's key names its client, and model rows refer to cells: cells that are told apart no more are added up. */
function ledgerWithoutClients(
  rows: Iterable<readonly [string, LedgerRow]>,
  isIt: (name: string) => boolean,
): Map<string, LedgerRow> {
  const known = [...rows];
  const forgotten = new Map<string, LedgerRow>();
  const movedTo = new Map<string, string>();
  for (const [key, row] of known) {
    if (row.kind !== 'cell') continue;
    const cell = withoutClients(row, isIt) as typeof row;
    const to = cell === row ? key : cellKey(cell);
    movedTo.set(key, to);
    const other = forgotten.get(to);
    forgotten.set(to, other?.kind === 'cell' ? { ...cell, figures: addFigures(other.figures, cell.figures) } : cell);
  }
  for (const [key, row] of known) {
    if (row.kind !== 'model') continue;
    const model = withoutClients(row, isIt) as typeof row;
    const ended = Object.entries(model.ended).map(([id, cell]) => [id, movedTo.get(cell) ?? cell]);
    forgotten.set(key, { ...model, ended: Object.fromEntries(ended) as typeof model.ended });
  }
  return forgotten;
}
