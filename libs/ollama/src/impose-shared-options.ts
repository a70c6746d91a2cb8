import { isSharedValue, SHARED_OPTIONS } from './fixed-options.js';
import { insertMember, keyOf } from './json-edit.js';
import { foldKey } from './json-field.js';
import { type Member, scanObject, skipSpace } from './json-scan.js';

/**
 * The body with just these values of {@link SHARED_OPTIONS}, as JSON by name: others that it carries are taken
 * out, because null and a default that is said aloud reload as surely as another value. Every other member
 * keeps its bytes. The very buffer that came in when nothing differs. Null when it cannot be edited, or need
 * not be understood: no object, `options` more than once, or a value that the server is going to refuse.
 */
export function imposeSharedOptions(body: Buffer, wanted: ReadonlyMap<string, string>): Buffer | null {
  const start = skipSpace(body, 0);
  const top = scanObject(body, start);
  if (!top) return null;
  const found = top.members.filter((member) => foldKey(keyOf(body, member, 'options'.length) ?? '') === 'options');
  const [options] = found;
  if (found.length > 1) return null;
  if (!options || valueOf(body, options) === 'null') {
    if (wanted.size === 0) return body;
    const object = `{${members(wanted).join(',')}}`;
    return options ? replaced(body, options, object) : insertMember(body, start, `"options":${object}`);
  }
  const inner = scanObject(body, options.valueStart);
  if (!inner) return null;
  const kept: string[] = [];
  const missing = new Map(wanted);
  for (const member of inner.members) {
    const name = SHARED_OPTIONS.find((option) => keyOf(body, member, option.length) === option);
    const value = valueOf(body, member);
    if (name !== undefined && !isSharedValue(parsed(value))) return null;
    if (name !== undefined && missing.get(name) !== value) continue;
    if (name !== undefined) missing.delete(name);
    kept.push(body.toString('utf8', member.keyStart - 1, member.valueEnd));
  }
  if (missing.size === 0 && kept.length === inner.members.length) return body;
  return replaced(body, options, `{${[...kept, ...members(missing)].join(',')}}`);
}

function members(values: ReadonlyMap<string, string>): string[] {
  return [...values].map(([name, value]) => `"${name}":${value}`);
}

function valueOf(body: Buffer, { valueStart, valueEnd }: Member): string {
  return body.toString('utf8', valueStart, valueEnd);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function replaced(body: Buffer, { valueStart, valueEnd }: Member, value: string): Buffer {
  return Buffer.concat([body.subarray(0, valueStart), Buffer.from(value), body.subarray(valueEnd)]);
}
