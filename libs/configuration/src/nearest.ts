import { closest, distance } from 'fastest-levenshtein';

/** ` (did you mean "mode"?)`, or nothing when no known name is near enough to be what was meant. */
export function suggestion(name: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(name, [...known]);
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3)) ? ` (did you mean "${nearest}"?)` : '';
}
