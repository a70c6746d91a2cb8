import { settableNames, variableOf, type KeyTable } from './key.js';
import { suggestion } from './nearest.js';
import type { Problem, Setting } from './setting.js';

/** Reads `RIGHTSIZE_*`. A variable that no setting has is a mistake that would otherwise be silent. */
export function readEnvironment(
  table: KeyTable,
  environment: Readonly<Record<string, string | undefined>>,
  /** Variables that mean something beside the settings. */
  others: readonly string[] = [],
): { readonly settings: readonly Setting[]; readonly problems: readonly Problem[] } {
  const names = new Map(settableNames(table).map((name) => [variableOf(name), name]));
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const [variable, raw] of Object.entries(environment)) {
    if (!variable.startsWith('RIGHTSIZE_') || raw === undefined || others.includes(variable)) continue;
    const name = names.get(variable);
    if (name !== undefined) settings.push({ name, raw, source: { layer: 'environment', where: variable } });
    else problems.push({ where: variable, message: `no such setting${suggestion(variable, [...names.keys()])}` });
  }
  return { settings, problems };
}
