import { isUtf8 } from 'node:buffer';
import { keyOf } from '../json-edit.js';
import { isObject, type JsonObject } from '../json-field.js';
import { scanArray, scanObject, skipSpace, type Member } from '../json-scan.js';

/** A JSON object: what was parsed of it, and how its parts are written. */
export interface V1Body {
  readonly fields: JsonObject;
  /** The text of what stands at a path of keys and indices. Null when nothing does. */
  raw(...path: readonly (string | number)[]): string | null;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Reads a request body. Null when the server alone can say what it makes of it: no JSON, no UTF-8, no object, a key twice. */
export function readV1Body(body: Buffer): V1Body | null {
  if (!isUtf8(body)) return null;
  let fields: unknown;
  try {
    fields = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (!isObject(fields)) return null;
  const top = scanObject(body, skipSpace(body, 0));
  if (top === null || top.members.length !== Object.keys(fields).length) return null;
  return { fields, raw: (...path) => textAt(body, top.members, path) };
}

/** The text of what stands at a path in the object at the start of some JSON; null when nothing does. */
export function rawJsonAt(json: Buffer, ...path: readonly (string | number)[]): string | null {
  return textAt(json, scanObject(json, skipSpace(json, 0))?.members ?? [], path);
}

function textAt(json: Buffer, top: readonly Member[], path: readonly (string | number)[]): string | null {
  let range: Range | null = null;
  for (const step of path) {
    if (typeof step === 'number') range = range && (scanArray(json, range.start)?.[step] ?? null);
    else range = memberOf(json, range === null ? top : (scanObject(json, range.start)?.members ?? []), step);
    if (range === null) return null;
  }
  return range && json.toString('utf8', range.start, range.end);
}

/** The last of several, which is the one that JSON.parse keeps. */
function memberOf(json: Buffer, members: readonly Member[], name: string): Range | null {
  const member = members.findLast((each) => keyOf(json, each, name.length) === name);
  return member === undefined ? null : { start: member.valueStart, end: member.valueEnd };
}
