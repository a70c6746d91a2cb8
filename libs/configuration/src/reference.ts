import { flagOf, variableOf, type Key, type KeyTable } from './key.js';

/** A page that tells every setting, made from the table alone. */
export function renderReference(table: KeyTable, introduction: string): string {
  const entries = Object.entries(table);
  return [
    introduction.trimEnd(),
    '',
    '| setting | unit | default | what it does | reload | apart for |',
    '| --- | --- | --- | --- | --- | --- |',
    ...entries.map(([name, entry]) => row(name, entry)),
    '',
    '## Spellings',
    '',
    '| in the file | on the command line | in the environment | accepts |',
    '| --- | --- | --- | --- |',
    ...entries.flatMap(([name, entry]) => spellings(name, entry)),
    '',
  ].join('\n');
}

function row(name: string, { unit, description, reloadable, scopes, ...entry }: Key<unknown>): string {
  const cells = [
    `\`${name}\``,
    unit ?? '',
    defaultOf(entry),
    description,
    reloadable ? 'yes' : 'restart',
    scopes.join(', '),
  ];
  return `| ${cells.map(escaped).join(' | ')} |`;
}

function spellings(name: string, { secret, kind }: Key<unknown>): readonly string[] {
  const own = `| \`${name}\` | ${secret ? '' : `\`${flagOf(name)}\``} | \`${variableOf(name)}\` | ${escaped(kind.accepts)} |`;
  if (!secret) return [own];
  const file = `${name}-file`;
  return [own, `| \`${file}\` | \`${flagOf(file)}\` | \`${variableOf(file)}\` | the name of a file that holds it |`];
}

function defaultOf({ defaultInWords, default: value }: Pick<Key<unknown>, 'defaultInWords' | 'default'>): string {
  if (defaultInWords !== null) return defaultInWords;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
