import { foldKey } from './json-field.js';
import { type Member, scanObject, skipSpace } from './json-scan.js';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;
/** A byte of a key can be written as `\u00xx`: six bytes. */
const ESCAPED = 6;

/**
 * The body with `options.num_ctx` set to `numCtx` tokens and every other byte kept: the text is
 * edited, because printing what was parsed would change numbers beyond 2^53, duplicate keys and
 * escapes. The very buffer that came in when it says so already. Null when no edit can be made
 * (no JSON object, or `options` is neither object nor null): the server's own error is the right
 * answer then. For bodies that {@link readInferenceBody} could read; scalars are not validated.
 *
 * What counts is what the server reads: `options` in any case and the last one of several, whose
 * members it merges into those before; `num_ctx` by its exact name, the last one of several.
 */
export function imposeNumCtx(body: Buffer, numCtx: number): Buffer | null {
  const start = skipSpace(body, 0);
  const top = scanObject(body, start);
  if (!top) return null;
  const found = top.members.filter((member) => isOptions(body, member));
  const options = found.at(-1);
  const value = `{"num_ctx":${numCtx}}`;
  if (!options) return insertMember(body, start, `"options":${value}`);
  if (body[options.valueStart] === OPEN_BRACE) return setInside(body, options.valueStart, numCtx);
  if (body.toString('latin1', options.valueStart, options.valueEnd) !== 'null') return null;
  // A null forgets the options before it. Put in its place, an object would be merged with them instead.
  return found.length > 1
    ? splice(body, options.valueEnd, options.valueEnd, `,"options":${value}`)
    : splice(body, options.valueStart, options.valueEnd, value);
}

function setInside(body: Buffer, start: number, numCtx: number): Buffer | null {
  const options = scanObject(body, start);
  if (!options) return null;
  const current = options.members.findLast((member) => keyOf(body, member, 'num_ctx'.length) === 'num_ctx');
  if (!current) return insertMember(body, start, `"num_ctx":${numCtx}`);
  const wanted = `${numCtx}`;
  if (body.toString('latin1', current.valueStart, current.valueEnd) === wanted) return body;
  return splice(body, current.valueStart, current.valueEnd, wanted);
}

function insertMember(body: Buffer, brace: number, member: string): Buffer {
  const empty = body[skipSpace(body, brace + 1)] === CLOSE_BRACE;
  return splice(body, brace + 1, brace + 1, empty ? member : `${member},`);
}

function splice(body: Buffer, start: number, end: number, ascii: string): Buffer {
  const edited = Buffer.allocUnsafe(body.length - (end - start) + ascii.length);
  body.copy(edited, 0, 0, start);
  edited.write(ascii, start, 'latin1');
  body.copy(edited, start + ascii.length, end);
  return edited;
}

function isOptions(body: Buffer, member: Member): boolean {
  const key = keyOf(body, member, 'options'.length);
  return key !== null && foldKey(key) === 'options';
}

/** The key as the server reads it; null when it cannot be `length` characters long. */
function keyOf(body: Buffer, { keyStart, keyEnd }: Member, length: number): string | null {
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
