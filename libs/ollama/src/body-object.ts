import { isObject, type JsonObject } from './json-field.js';

/** Why a body cannot be read. */
export type Unreadable = 'not-json' | 'not-an-object';

/** A request's body as the object that it is; else why it is none. */
export function bodyObject(body: Buffer): JsonObject | Unreadable {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return 'not-json';
  }
  return isObject(parsed) ? parsed : 'not-an-object';
}
