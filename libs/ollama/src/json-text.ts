import { keyOf } from './json-edit.js';
import { scanArray, scanObject, skipSpace, type Member } from './json-scan.js';

/**
 * How a part of some JSON is written: parsing loses numbers beyond 2^53, the order of keys that look
 * like numbers, and keys that come twice. Each level is scanned once, when something of it is asked for.
 */
export class JsonText {
  readonly #json: Buffer;
  readonly #start: number;
  readonly #end: number;
  #members: readonly Member[] | null = null;
  #items: readonly JsonText[] | null = null;

  constructor(json: Buffer, start = skipSpace(json, 0), end = json.length) {
    this.#json = json;
    this.#start = start;
    this.#end = end;
  }

  /** Those of an object, duplicates included; none when it is no object. */
  get members(): readonly Member[] {
    return (this.#members ??= scanObject(this.#json, this.#start)?.members ?? []);
  }

  /** Those of an array; none when it is no array. */
  get items(): readonly JsonText[] {
    return (this.#items ??= (scanArray(this.#json, this.#start) ?? []).map(
      ({ start, end }) => new JsonText(this.#json, start, end),
    ));
  }

  /** The value of a key, the last of several as JSON.parse has it. */
  member(name: string): JsonText | null {
    const found = this.members.findLast((each) => keyOf(this.#json, each, name.length) === name);
    return found === undefined ? null : new JsonText(this.#json, found.valueStart, found.valueEnd);
  }

  toString(): string {
    return this.#json.toString('utf8', this.#start, this.#end);
  }
}
