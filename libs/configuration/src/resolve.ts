import { readFileSync } from 'node:fs';
import { settableNames, settingOf, type Key, type KeyTable, type Scope, type Values } from './key.js';
import { suggestion } from './nearest.js';
import type { Problem, RawSection, Setting, Source } from './setting.js';

/** Checked settings for the models or clients whose names fit a glob. */
export interface Section<Table extends KeyTable> {
  readonly scope: Scope;
  readonly glob: string;
  readonly values: Partial<Values<Table>>;
}

export interface Reading<Table extends KeyTable> {
  readonly values: Values<Table>;
  /** Where each value comes from. */
  readonly sources: Readonly<Record<keyof Table & string, Source>>;
  /** In the order of the file: the first that fits counts. */
  readonly sections: readonly Section<Table>[];
  readonly problems: readonly Problem[];
}

const BY_DEFAULT: Source = { layer: 'default', where: 'default' };

/** Settings in order of precedence, weakest first, become values. All problems are found, not only the first. */
export function resolve<Table extends KeyTable>(
  table: Table,
  settings: readonly Setting[],
  sections: readonly RawSection[],
): Reading<Table> {
  const values: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  const problems: Problem[] = [];
  for (const [name, { default: value }] of Object.entries(table)) {
    values[name] = value;
    sources[name] = BY_DEFAULT;
  }
  for (const setting of settings) {
    const checked = check(table, setting);
    if ('message' in checked) problems.push(checked);
    else {
      values[checked.name] = checked.value;
      sources[checked.name] = setting.source;
    }
  }
  const checkedSections = sections.map((section) => checkSection(table, section, problems));
  return { values, sources, sections: checkedSections, problems } as unknown as Reading<Table>;
}

function checkSection<Table extends KeyTable>(
  table: Table,
  { scope, glob, settings }: RawSection,
  problems: Problem[],
): Section<Table> {
  const values: Record<string, unknown> = {};
  for (const setting of settings) {
    const checked = check(table, setting);
    if ('message' in checked) problems.push(checked);
    else if (table[checked.name]!.scopes.includes(scope)) values[checked.name] = checked.value;
    else {
      const allowed = Object.keys(table).filter((name) => table[name]!.scopes.includes(scope));
      const message = `"${setting.name}" cannot be set apart for a ${scope}; these can: ${allowed.join(', ')}`;
      problems.push({ where: setting.source.where, message });
    }
  }
  return { scope, glob, values: values as Partial<Values<Table>> };
}

type Checked = { readonly name: string; readonly value: unknown } | Problem;

function check(table: KeyTable, { name: written, raw, source: { where, layer } }: Setting): Checked {
  const setting = settingOf(table, written);
  if (setting === null) {
    return { where, message: `no such setting "${written}"${suggestion(written, settableNames(table))}` };
  }
  const { name } = setting;
  const entry = table[name]!;
  if (setting.isFile) return fromFile(name, entry, raw, where);
  if (entry.secret && layer === 'command-line') {
    return { where, message: `a secret on the command line can be read by everybody: use --${name}-file` };
  }
  return parsed(name, entry, raw, where);
}

function parsed(name: string, { kind, secret }: Key<unknown>, raw: unknown, where: string): Checked {
  const value = kind.parse(raw);
  if (value !== undefined) return { name, value };
  const shown = secret ? 'the value' : (JSON.stringify(raw) ?? 'nothing');
  return { where, message: `${name}: ${shown} is not ${kind.accepts}` };
}

function fromFile(name: string, entry: Key<unknown>, raw: unknown, where: string): Checked {
  if (typeof raw !== 'string' || raw === '') return { where, message: `${name}-file: not the name of a file` };
  try {
    return parsed(name, entry, readFileSync(raw, 'utf8').trim(), `${where} (${raw})`);
  } catch (error) {
    return { where, message: `${name}-file: cannot be read: ${(error as Error).message}` };
  }
}
