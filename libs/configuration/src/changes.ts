import type { KeyTable } from './key.js';
import type { Reading } from './resolve.js';
import type { Source } from './setting.js';

/** One setting that has another value now. */
export interface Change {
  /** As it would be written in the file: `mode`, or `models.llama*.mode`. */
  readonly name: string;
  /** As text; of secrets only that there is one. */
  readonly from: string;
  readonly to: string;
  readonly source: Source;
}

const HIDDEN = '(secret)';
const UNSET = '(not set)';
const BY_FILE: Source = { layer: 'file', where: 'file' };

/** What is changed from one reading to the next, by name. */
export function changesBetween<Table extends KeyTable>(
  table: Table,
  before: Reading<Table>,
  after: Reading<Table>,
): readonly Change[] {
  const from = flat(table, before);
  const to = flat(table, after);
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((name) => from.get(name)?.compared !== to.get(name)?.compared)
    .map((name) => ({
      name,
      from: from.get(name)?.shown ?? UNSET,
      to: to.get(name)?.shown ?? UNSET,
      source: after.sources[name] ?? BY_FILE,
    }));
}

interface Flat {
  readonly compared: string;
  readonly shown: string;
}

/** A section's place counts too: the first that fits is the one that is used. */
function flat<Table extends KeyTable>(table: Table, reading: Reading<Table>): ReadonlyMap<string, Flat> {
  const all = new Map<string, Flat>();
  for (const [name, value] of Object.entries<unknown>(reading.values)) {
    const shown = table[name]!.secret && value !== null ? HIDDEN : shownValue(value);
    all.set(name, { compared: JSON.stringify(value), shown });
  }
  for (const [at, { scope, glob, values }] of reading.sections.entries()) {
    for (const [name, value] of Object.entries<unknown>(values)) {
      all.set(`${scope}s.${glob}.${name}`, { compared: `${at} ${JSON.stringify(value)}`, shown: shownValue(value) });
    }
  }
  return all;
}

function shownValue(value: unknown): string {
  if (value === null) return UNSET;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What takes a restart stays as it is, whatever is written by now. */
export function keepUnreloadable<Table extends KeyTable>(
  table: Table,
  before: Reading<Table>,
  read: Reading<Table>,
): { readonly reading: Reading<Table>; readonly needRestart: readonly string[] } {
  const values: Record<string, unknown> = { ...read.values };
  const sources: Record<string, Source> = { ...read.sources };
  const needRestart: string[] = [];
  for (const name of Object.keys(table)) {
    if (table[name]!.reloadable) continue;
    if (JSON.stringify(values[name]) !== JSON.stringify(before.values[name])) needRestart.push(name);
    values[name] = before.values[name];
    sources[name] = before.sources[name]!;
  }
  return { reading: { ...read, values, sources } as Reading<Table>, needRestart };
}
