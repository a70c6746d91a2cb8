import { foldKey } from './json-field.js';
import { insertMember, keyOf, splice } from './json-edit.js';
import { type Member, scanObject, skipSpace } from './json-scan.js';

const OPEN_BRACE = 0x7b;

/**
 * The body with `options.num_ctx` set to `numCtx` tokens and every other byte kept: the text is
 * edited, because printing what was parsed would change numbers beyond 2^53, duplicate keys and
 * escapes. The very buffer that came in when it says so already. Null when no edit can be made
 * (no JSON object, `options` is neither object nor null, or what stands there is neither number nor
 * null): the server's own error is the right answer then. For bodies that {@link readInferenceBody} could read; scalars are not validated.
 *
 * What counts is what the server reads: `options` in any case and the last one of several, whose
 * members it merges into those before; `num_ctx` by its exact name, the last one of several.
 */
export function imposeNumCtx(body: Buffer, numCtx: number): Buffer | null {
  return imposeOption(body, 'num_ctx', numCtx);
}

/** As {@link imposeNumCtx}, for `options.num_batch`. */
export function imposeNumBatch(body: Buffer, numBatch: number): Buffer | null {
  return imposeOption(body, 'num_batch', numBatch);
}

function imposeOption(body: Buffer, name: string, wanted: number): Buffer | null {
  const start = skipSpace(body, 0);
  const top = scanObject(body, start);
  if (!top) return null;
  const found = top.members.filter((member) => isOptions(body, member));
  const options = found.at(-1);
  const value = `{"${name}":${wanted}}`;
  if (!options) return insertMember(body, start, `"options":${value}`);
  if (body[options.valueStart] === OPEN_BRACE) return setInside(body, options.valueStart, name, `${wanted}`);
  if (body.toString('latin1', options.valueStart, options.valueEnd) !== 'null') return null;
  // A null forgets the options before it. Put in its place, an object would be merged with them instead.
  return found.length > 1
    ? splice(body, options.valueEnd, options.valueEnd, `,"options":${value}`)
    : splice(body, options.valueStart, options.valueEnd, value);
}

function setInside(body: Buffer, start: number, name: string, wanted: string): Buffer | null {
  const options = scanObject(body, start);
  if (!options) return null;
  const current = options.members.findLast((member) => keyOf(body, member, name.length) === name);
  if (!current) return insertMember(body, start, `"${name}":${wanted}`);
  const value = body.toString('latin1', current.valueStart, current.valueEnd);
  if (value === wanted) return body;
  if (!/^[-\dn]/.test(value)) return null;
  return splice(body, current.valueStart, current.valueEnd, wanted);
}

function isOptions(body: Buffer, member: Member): boolean {
  const key = keyOf(body, member, 'options'.length);
  return key !== null && foldKey(key) === 'options';
}
