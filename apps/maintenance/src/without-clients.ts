/** The field of events and rows that names who asked. */
const FIELD = 'client';

/** The same value with `client` null wherever `isIt` says so of its name; the very same object where it never does. */
export function withoutClients(value: unknown, isIt: (name: string) => boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, held]): [string, unknown] => {
    const forgotten = key === FIELD && typeof held === 'string' && isIt(held) ? null : withoutClients(held, isIt);
    changed ||= forgotten !== held;
    return [key, forgotten];
  });
  if (!changed) return value;
  return Array.isArray(value) ? entries.map(([, held]) => held) : Object.fromEntries(entries);
}
