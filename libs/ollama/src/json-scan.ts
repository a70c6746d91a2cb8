const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A key and its value by byte offsets: `[start, end)`, the key without its quotes. */
export interface Member {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * The members of the object at `start`, in order, duplicates included, together with the offset just
 * after its closing brace. Null when there is no well-formed object: the structure is checked, the
 * spelling of scalars and what strings contain is not.
 */
export function scanObject(json: Buffer, start: number): { members: Member[]; end: number } | null {
  if (json[start] !== OPEN_BRACE) return null;
  const members: Member[] = [];
  let at = skipSpace(json, start + 1);
  if (json[at] === CLOSE_BRACE) return { members, end: at + 1 };
  for (;;) {
    const keyEnd = json[at] === QUOTE ? closingQuote(json, at + 1) : -1;
    if (keyEnd < 0) return null;
    const keyStart = at + 1;
    at = skipSpace(json, keyEnd + 1);
    if (json[at] !== COLON) return null;
    const valueStart = skipSpace(json, at + 1);
    const valueEnd = skipValue(json, valueStart);
    if (valueEnd < 0) return null;
    members.push({ keyStart, keyEnd, valueStart, valueEnd });
    at = skipSpace(json, valueEnd);
    if (json[at] === CLOSE_BRACE) return { members, end: at + 1 };
    if (json[at] !== COMMA) return null;
    at = skipSpace(json, at + 1);
  }
}

/** The values of the array at `start`, `[start, end)` each; null when there is no well-formed array. */
export function scanArray(json: Buffer, start: number): { readonly start: number; readonly end: number }[] | null {
  if (json[start] !== OPEN_BRACKET) return null;
  const items: { start: number; end: number }[] = [];
  let at = skipSpace(json, start + 1);
  if (json[at] === CLOSE_BRACKET) return items;
  for (;;) {
    const end = skipValue(json, at);
    if (end < 0) return null;
    items.push({ start: at, end });
    at = skipSpace(json, end);
    if (json[at] === CLOSE_BRACKET) return items;
    if (json[at] !== COMMA) return null;
    at = skipSpace(json, at + 1);
  }
}

export function skipSpace(json: Buffer, at: number): number {
  let byte = json[at];
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = json[++at];
  return at;
}

/** Offset of the quote that ends the string whose text begins at `from`; -1 when there is none. */
function closingQuote(json: Buffer, from: number): number {
  // Keys and most values are short: a native search per string would cost more than this loop.
  const near = Math.min(from + 48, json.length);
  let at = from;
  for (; at < near; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  // `at` never stands between a backslash and what it escapes, so runs counted back to it are whole.
  const floor = at;
  for (let quote = json.indexOf(QUOTE, at); quote >= 0; quote = json.indexOf(QUOTE, quote + 1)) {
    let backslashes = quote;
    while (backslashes > floor && json[backslashes - 1] === BACKSLASH) backslashes--;
    if ((quote - backslashes) % 2 === 0) return quote;
  }
  return -1;
}

/** Offset just after the value at `start`; -1 when it does not end. */
function skipValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === QUOTE) {
    const end = closingQuote(json, start + 1);
    return end < 0 ? -1 : end + 1;
  }
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(json, start);
  const end = endOfScalar(json, start);
  return end > start ? end : -1;
}

function endOfScalar(json: Buffer, start: number): number {
  let at = start;
  for (; at < json.length; at++) {
    const byte = json[at]!;
    if (byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return at;
    if (byte === QUOTE || byte === COLON || byte === OPEN_BRACE || byte === OPEN_BRACKET) return start;
  }
  return at;
}

/** Levels, the outermost object included, beyond which Go's decoder refuses a body: the server has to say so. */
const DEEPEST = 10_000;

/** Brackets are counted, not recursed into: a hostile depth must not cost stack. */
function skipNested(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = closingQuote(json, at + 1);
      if (at < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth >= DEEPEST) return -1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
