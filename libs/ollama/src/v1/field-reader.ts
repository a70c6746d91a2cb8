import { isObject, type JsonObject } from '../json-field.js';
import type { JsonText } from '../json-text.js';
import type { Translation } from './translation.js';

type Problem = Exclude<Translation, { kind: 'translated' }>;

const NONE: JsonObject = {};

/**
 * Reads fields as the server's decoder would and notes the first that it cannot. Null counts as
 * absent. Reading goes on after a problem, so that whoever reads needs to look for it once, at the end.
 */
export class FieldReader {
  readonly unknown: string[] = [];
  #problem: Problem | null = null;

  get problem(): Problem | null {
    return this.#problem;
  }

  /** The server answers 400, in about these words. */
  refuse(message: string): void {
    this.#problem ??= { kind: 'refused', message };
  }

  /** Only the server's own route can do this. */
  foreign(reason: string): void {
    this.#problem ??= { kind: 'foreign', reason };
  }

  /** Notes keys that are not among the known ones, as `messages.cache`. */
  known(object: JsonObject, names: ReadonlySet<string>, where = ''): void {
    for (const name in object) if (!names.has(name)) this.unknown.push(where === '' ? name : `${where}.${name}`);
  }

  string(object: JsonObject, name: string): string {
    const value = object[name] ?? '';
    if (typeof value === 'string') return value;
    return this.#mismatch(name, 'string', '');
  }

  flag(object: JsonObject, name: string): boolean | null {
    const value = object[name] ?? null;
    if (value === null || typeof value === 'boolean') return value;
    return this.#mismatch(name, 'bool', null);
  }

  number(object: JsonObject, name: string, largest = Number.MAX_VALUE): number | null {
    const value = object[name] ?? null;
    if (value === null || (typeof value === 'number' && Math.abs(value) <= largest)) return value;
    return this.#mismatch(name, 'float64', null);
  }

  /** `text` is how the object is written: the server takes neither `1.0` nor `1e3` for a whole number. */
  integer(object: JsonObject, name: string, text: JsonText): number | null {
    const value = object[name] ?? null;
    if (value === null) return null;
    if (typeof value !== 'number' || !/^-?\d+$/.test(String(text.member(name))))
      return this.#mismatch(name, 'int', null);
    if (!Number.isSafeInteger(value)) this.foreign('large-number');
    return value;
  }

  /** Checks fields that are not used: a wrong type of theirs is refused all the same. */
  checkStrings(object: JsonObject, ...names: readonly string[]): void {
    for (const name of names) this.string(object, name);
  }

  object(object: JsonObject, name: string): JsonObject | null {
    const value = object[name] ?? null;
    if (value === null || isObject(value)) return value;
    return this.#mismatch(name, 'object', null);
  }

  list(object: JsonObject, name: string): readonly unknown[] | null {
    const value = object[name] ?? null;
    if (value === null || Array.isArray(value)) return value;
    return this.#mismatch(name, 'array', null);
  }

  /** The objects of a list; null among them is an empty one, as for the server. */
  objects(object: JsonObject, name: string): readonly JsonObject[] | null {
    const items = this.list(object, name);
    return (
      items?.map((item) => {
        if (item === null) return NONE;
        return isObject(item) ? item : this.#mismatch(name, 'object', NONE);
      }) ?? null
    );
  }

  strings(object: JsonObject, name: string): readonly string[] | null {
    const items = this.list(object, name);
    return (
      items?.map((item) => {
        if (item === null) return '';
        return typeof item === 'string' ? item : this.#mismatch(name, 'string', '');
      }) ?? null
    );
  }

  #mismatch<T>(name: string, type: string, instead: T): T {
    this.refuse(`json: cannot unmarshal field ${name} into type ${type}`);
    return instead;
  }
}
