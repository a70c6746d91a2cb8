import type { Random } from './random.js';

const SUBJECTS = [
  'The committee',
  'A gardener',
  'Our neighbour',
  'The night train',
  'This archive',
  'The harbour master',
  'An old clock',
  'The survey team',
  'Every second letter',
  'The librarian',
];
const VERBS = [
  'described',
  'carried',
  'postponed',
  'measured',
  'repaired',
  'forgot',
  'collected',
  'compared',
  'sketched',
  'questioned',
];
const OBJECTS = [
  'the northern bridge',
  'seven wooden crates',
  'a map of the valley',
  'the winter timetable',
  'three unsigned letters',
  'the water levels',
  'an empty ledger',
  'the orchard wall',
  'a broken telescope',
  'the census of 1911',
];
const ENDINGS = [
  'before the snow came',
  'without saying why',
  'for the second time',
  'as the rules demand',
  'while others waited',
  'at a fair price',
  'in plain language',
  'against all advice',
  'near the old mill',
  'until the lamps went out',
];
const NAMES = ['ledger', 'parcel', 'route', 'sensor', 'invoice', 'tenant', 'schedule', 'cursor', 'widget', 'archive'];
const ACTIONS = ['load', 'merge', 'split', 'verify', 'render', 'prune', 'index', 'rotate', 'collect', 'resolve'];

function sentence(random: Random): string {
  return `${random.pick(SUBJECTS)} ${random.pick(VERBS)} ${random.pick(OBJECTS)} ${random.pick(ENDINGS)}.`;
}

/** Plain prose of about so many words. */
export function prose(random: Random, words: number): string {
  const out: string[] = [];
  for (let count = 0; count < words; count += 9) out.push(sentence(random));
  return out.join(' ');
}

/** Source code of about so many lines; some three times as many tokens a byte as prose. */
export function code(random: Random, lines: number): string {
  const out: string[] = [];
  while (out.length < lines) {
    const [name, action] = [random.pick(NAMES), random.pick(ACTIONS)];
    const limit = random.between(2, 900);
    out.push(`export function ${action}_${name}(items: ${name}[], limit = ${limit}): number {`);
    out.push(`  const kept = items.filter((item) => item.size > ${random.between(1, 64)} && !item.closed);`);
    out.push(`  for (let i = 0; i < kept.length && i < limit; i += 1) {`);
    out.push(`    if (kept[i].owner === "${random.pick(NAMES)}") kept[i].count += ${random.between(1, 9)};`);
    out.push('  }', '  return kept.length;', '}', '');
  }
  return out.slice(0, lines).join('\n');
}
