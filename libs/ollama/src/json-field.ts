/**
 * Go's encoding/json, which reads bodies at the server, matches a key to a struct field whatever its
 * case, and by Unicode simple folding: U+017F folds to `s` and U+212A to `k`.
 */
export function foldKey(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k');
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that the server would read for field `name` (lower case); of several spellings the last wins. */
export function field(object: JsonObject, name: string): unknown {
  let found: unknown;
  for (const key of Object.keys(object)) {
    if (key === name || (key.length === name.length && foldKey(key) === name)) found = object[key];
  }
  return found;
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A positive whole number, a fraction cut off as the server does; null for everything else. */
export function positiveInteger(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  const whole = Math.trunc(value);
  return whole > 0 ? whole : null;
}

/** A finite number, or null. */
export function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
