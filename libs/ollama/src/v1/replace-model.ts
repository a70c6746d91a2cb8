import { keyOf } from '../json-edit.js';
import { scanObject, skipSpace } from '../json-scan.js';

/** The body with another name of a model, and every other byte kept; null when it names none. */
export function replaceModel(body: Buffer, model: string): Buffer | null {
  const members = scanObject(body, skipSpace(body, 0))?.members ?? [];
  const named = members.findLast((member) => keyOf(body, member, 'model'.length) === 'model');
  if (named === undefined) return null;
  const before = body.subarray(0, named.valueStart);
  return Buffer.concat([before, Buffer.from(JSON.stringify(model)), body.subarray(named.valueEnd)]);
}
