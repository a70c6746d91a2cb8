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

/** An object or array of which some members are printed. */
interface Open {
  /** Null: an array. */
  readonly keys: readonly string[] | null;
  readonly members: Readonly<Record<string | number, unknown>>;
  readonly count: number;
  next: number;
  isEmpty: boolean;
}

/** Without recursion: a hostile depth must not cost stack. */
function print(value: unknown, sorted: boolean): string | undefined {
  if (!isContainer(value)) return leaf(value);
  let text = Array.isArray(value) ? '[' : '{';
  const stack: Open[] = [opened(value, sorted)];
  for (let top = stack[0]; top !== undefined; top = stack.at(-1)) {
    if (top.next === top.count) {
      text += top.keys === null ? ']' : '}';
      stack.pop();
      continue;
    }
    const key = top.keys?.[top.next] ?? null;
    const member = top.members[key ?? top.next];
    top.next += 1;
    const isOpening = isContainer(member);
    const printed = isOpening ? (Array.isArray(member) ? '[' : '{') : (leaf(member) ?? (key === null ? 'null' : null));
    if (printed === null) continue;
    text += `${top.isEmpty ? '' : ','}${key === null ? '' : `${escaped(JSON.stringify(key))}:`}${printed}`;
    top.isEmpty = false;
    if (isOpening) stack.push(opened(member, sorted));
  }
  return text;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof RawJson);
}

function opened(value: object, sorted: boolean): Open {
  const members = value as Open['members'];
  if (Array.isArray(value)) return { keys: null, members, count: value.length, next: 0, isEmpty: true };
  const keys = Object.keys(value);
  if (sorted) keys.sort();
  return { keys, members, count: keys.length, next: 0, isEmpty: true };
}

function leaf(value: unknown): string | undefined {
  // Go has no lone surrogates: they are replaced when it reads them.
  if (typeof value === 'string') return escaped(JSON.stringify(value.toWellFormed()));
  return value instanceof RawJson ? value.text : JSON.stringify(value);
}

function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => ESCAPED[char] ?? char);
}
