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

/** Keys of requests as nearly everybody spells them; a set is quicker to ask than a key is to fold. */
const USUAL: ReadonlySet<string> = new Set(
  (
    'model messages stream options tools format keep_alive think truncate shift prompt system suffix template context ' +
    'raw images role content thinking tool_calls tool_name tool_call_id'
  ).split(' '),
);

/** The object with its keys folded, the last of several spellings winning: itself when there is nothing to fold. */
export function folded(object: JsonObject): JsonObject {
  for (const key in object) {
    if (!USUAL.has(key) && foldKey(key) !== key) {
      // No prototype: `__proto__` is a key like any other.
      const copy = Object.create(null) as Record<string, unknown>;
      for (const each in object) copy[foldKey(each)] = object[each];
      return copy;
    }
  }
  return object;
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

/** What the text says as JSON; null where it is none. */
export function jsonOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
