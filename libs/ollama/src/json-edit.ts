import { type Member, skipSpace } from './json-scan.js';

const CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;
/** A byte of a key can be written as `\u00xx`: six bytes. */
const ESCAPED = 6;

/** A buffer with `member` as the first of the object whose brace stands at `brace`. */
export function insertMember(body: Buffer, brace: number, member: string): Buffer {
  const empty = body[skipSpace(body, brace + 1)] === CLOSE_BRACE;
  return splice(body, brace + 1, brace + 1, empty ? member : `${member},`);
}

/** A buffer with the bytes `[start, end)` replaced by `ascii`. */
export function splice(body: Buffer, start: number, end: number, ascii: string): Buffer {
  const edited = Buffer.allocUnsafe(body.length - (end - start) + ascii.length);
  body.copy(edited, 0, 0, start);
  edited.write(ascii, start, 'latin1');
  body.copy(edited, start + ascii.length, end);
  return edited;
}

/** The key as the server reads it; null when it cannot be `length` characters long. */
export function keyOf(body: Buffer, { keyStart, keyEnd }: Member, length: number): string | null {
  const bytes = keyEnd - keyStart;
  if (bytes < length || bytes > length * ESCAPED) return null;
  const raw = body.toString('utf8', keyStart, keyEnd);
  const escape = body.indexOf(BACKSLASH, keyStart);
  if (escape < 0 || escape >= keyEnd) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return null;
  }
}
