import { LedgerRows } from '@rightsize/optimizer';
import { type DomainEvent } from '@rightsize/optimizer-core';
import { readFileSync } from 'node:fs';
import { snapshotWithoutClients } from '../src/snapshot-without-clients.js';

const golden = (type: string): Readonly<Record<string, unknown>> =>
  (
    JSON.parse(readFileSync(new URL(`../../../test/golden/${type}.v1.json`, import.meta.url), 'utf8')) as {
      data: Readonly<Record<string, unknown>>;
    }
  ).data;

/** Rows of the ledger after `count` requests of each client. */
function ledgerOf(...clients: readonly (string | null)[]): Map<string, unknown> {
  const ledger = new LedgerRows();
  clients.forEach((client, i) => {
    const requestId = `r${i}`;
    ledger.applyDomain({
      type: 'request.optimized',
      data: { ...golden('request.optimized'), requestId, client },
    } as unknown as DomainEvent);
    ledger.applyDomain({
      type: 'request.completed',
      data: { ...golden('request.completed'), requestId },
    } as unknown as DomainEvent);
  });
  const rows = new Map<string, unknown>();
  ledger.flush({ put: (key, row) => rows.set(key, row), delete: (key) => rows.delete(key) });
  return rows;
}

const everybody = (): boolean => true;

describe("a ledger's snapshot without clients", () => {
  it('names nobody, neither in rows nor in their keys nor where rows refer to others', () => {
    const rows = ledgerOf('aider', 'editor', null);
    expect(JSON.stringify([...rows])).toContain('aider');
    const left = JSON.stringify([...snapshotWithoutClients('ledger', rows, everybody)]);
    expect(left).not.toContain('aider');
    expect(left).not.toContain('editor');
  });

  it('is what the ledger would be had they never given their names', () => {
    const forgotten = snapshotWithoutClients('ledger', ledgerOf('aider', 'aider', 'editor', null), everybody);
    expect(new Map([...forgotten].toSorted())).toEqual(new Map([...ledgerOf(null, null, null, null)].toSorted()));
  });

  it('keeps the others apart', () => {
    const forgotten = snapshotWithoutClients('ledger', ledgerOf('aider', 'editor'), (name) => name === 'aider');
    expect(new Map([...forgotten].toSorted())).toEqual(new Map([...ledgerOf(null, 'editor')].toSorted()));
  });
});
