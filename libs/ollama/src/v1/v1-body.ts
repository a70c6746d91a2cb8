import { isUtf8 } from 'node:buffer';
import { isObject, type JsonObject } from '../json-field.js';
import { JsonText } from '../json-text.js';

/** A JSON object: what was parsed of it, and how it is written. */
export interface V1Body {
  readonly fields: JsonObject;
  readonly text: JsonText;
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
  const text = new JsonText(body);
  return text.members.length === Object.keys(fields).length ? { fields, text } : null;
}
