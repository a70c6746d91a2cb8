import { insertMember, keyOf, splice } from './json-edit.js';
import { foldKey } from './json-field.js';
import { scanObject, skipSpace } from './json-scan.js';

/**
 * The body with `truncate` set to false and every other byte kept, so that a prompt that does not fit
 * is refused with its exact count instead of being cut (ollama.md section 3D). Servers before 0.12.6
 * do not know the field and ignore it. The very buffer that came in when it says so already; null
 * when it is no JSON object. The server reads the last `truncate` of several, in any case.
 */
export function imposeNoTruncation(body: Buffer): Buffer | null {
  const start = skipSpace(body, 0);
  const top = scanObject(body, start);
  if (!top) return null;
  const current = top.members.findLast((member) => {
    const key = keyOf(body, member, 'truncate'.length);
    return key !== null && foldKey(key) === 'truncate';
  });
  if (!current) return insertMember(body, start, '"truncate":false');
  if (body.toString('latin1', current.valueStart, current.valueEnd) === 'false') return body;
  return splice(body, current.valueStart, current.valueEnd, 'false');
}
