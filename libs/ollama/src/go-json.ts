const ESCAPED: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** JSON text that is printed as it stands: numbers beyond 2^53, the order of keys and duplicates survive. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** JSON as Go prints it: angle brackets, ampersands and line separators are escaped; undefined fields are left out. */
export function goJson(value: unknown): string {
  return print(value, false) ?? 'null';
}

/** As {@link goJson}, with the keys of every object in alphabetical order: how Go prints a map. */
export function goMapJson(value: unknown): string {
  return print(value, true) ?? 'null';
}

function print(value: unknown, sorted: boolean): string | undefined {
  // Go has no lone surrogates: they are replaced when it reads them.
  if (typeof value === 'string') return escaped(JSON.stringify(value.toWellFormed()));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => print(item, sorted) ?? 'null').join(',')}]`;
  const keys = Object.keys(value);
  if (sorted) keys.sort();
  let members = '';
  for (const key of keys) {
    const text = print((value as Record<string, unknown>)[key], sorted);
    if (text !== undefined) members += `${members === '' ? '' : ','}${escaped(JSON.stringify(key))}:${text}`;
  }
  return `{${members}}`;
}

function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => ESCAPED[char] ?? char);
}
