import { endingOf, type TapEnding } from './final-chunk.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Top-level scalars that are kept; the answer's own text is measured, never kept. */
const KEPT: ReadonlySet<string> = new Set([
  'done',
  'done_reason',
  'error',
  'total_duration',
  'load_duration',
  'prompt_eval_duration',
  'eval_duration',
  'prompt_eval_count',
  'prompt_eval_cached_count',
  'eval_count',
]);
/** Keys whose strings are the answer, at the top (generate) or inside `message` (chat). */
const ANSWER: ReadonlySet<string> = new Set(['response', 'content', 'thinking']);

/** Bounds what a key and a scalar may hold on to, characters. Durations and reasons need 20, errors more. */
const KEY_LIMIT = 64;
const SCALAR_LIMIT = 4096;

/**
 * Watches a native answer go by, NDJSON stream or one JSON object, and finds how it ends. A scanner
 * that carries its state from byte to byte: chunks may be split anywhere, even inside a character or
 * an escape, an object may be of any size, and nothing is held but the few scalars that matter.
 */
export class FinalChunkTap {
  /** Nesting depth; 1 is inside an object of the stream. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the next string of this depth is a key; kept for depths 1 and 2 only. */
  #expectKey = false;
  #outerIsObject = false;
  #innerIsObject = false;
  /** The string being read is a key. */
  #readingKey = false;
  /** The last key read at depth 1 and at depth 2. */
  #key = '';
  #innerKey = '';
  /** Text of a kept scalar or key that is still unfinished. */
  #partial = '';
  #capturing = false;
  #counting = false;
  #scalars = new Map<string, string>();
  #ending: TapEnding | null = null;
  #answerBytes = 0;
  #objects = 0;

  /** Bytes of answer text seen so far, thinking included, escapes counted as written. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Complete objects seen so far: lines of a stream. */
  get objects(): number {
    return this.#objects;
  }

  /** How the answer ended, from what has been seen so far. */
  get ending(): TapEnding {
    return this.#ending ?? { kind: 'none' };
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#inString ? this.#string(chunk, at) : this.#structure(chunk, at);
  }

  /** Reads on inside a string; returns the offset after what was read. */
  #string(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        this.#leaveString(chunk, start, at);
        return at + 1;
      }
      if (byte === BACKSLASH) at++;
    }
    // One beyond the end: the backslash was the last byte, what it escapes is the first of the next chunk.
    this.#escaped = at > chunk.length;
    this.#take(chunk, start, chunk.length);
    return chunk.length;
  }

  #take(chunk: Buffer, start: number, end: number): void {
    if (this.#counting) this.#answerBytes += end - start;
    const limit = this.#readingKey ? KEY_LIMIT : SCALAR_LIMIT;
    if (!this.#capturing || this.#partial.length >= limit) return;
    // Byte for byte: a character may be split between chunks.
    this.#partial += chunk.toString('latin1', start, Math.min(end, start + limit - this.#partial.length));
  }

  #leaveString(chunk: Buffer, start: number, end: number): void {
    this.#take(chunk, start, end);
    this.#inString = false;
    this.#counting = false;
    if (!this.#capturing) return;
    this.#capturing = false;
    if (!this.#readingKey) this.#keep(`"${Buffer.from(this.#partial, 'latin1').toString('utf8')}"`);
    else if (this.#depth === 1) this.#key = this.#partial;
    else this.#innerKey = this.#partial;
  }

  #enterString(): void {
    this.#inString = true;
    this.#partial = '';
    this.#readingKey = this.#expectKey && this.#depth <= 2;
    this.#expectKey = false;
    const inMessage = this.#depth === 2 && this.#key === 'message' && this.#innerIsObject;
    this.#capturing = this.#readingKey ? this.#depth === 1 || inMessage : this.#depth === 1 && KEPT.has(this.#key);
    this.#counting = !this.#readingKey && ANSWER.has(this.#depth === 1 ? this.#key : inMessage ? this.#innerKey : '');
  }

  #structure(chunk: Buffer, at: number): number {
    const byte = chunk[at]!;
    switch (byte) {
      case QUOTE:
        this.#enterString();
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#open(byte === OPEN_BRACE);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#close();
        break;
      case COMMA:
        this.#endScalar();
        this.#expectKey = this.#depth === 1 ? this.#outerIsObject : this.#depth === 2 && this.#innerIsObject;
        break;
      case COLON:
        break;
      default:
        if (this.#depth === 1) this.#scalarByte(byte);
    }
    return at + 1;
  }

  #open(isObject: boolean): void {
    this.#depth++;
    if (this.#depth === 1) {
      this.#outerIsObject = isObject;
      this.#key = '';
      this.#scalars.clear();
    } else if (this.#depth === 2) {
      this.#innerIsObject = isObject;
      this.#innerKey = '';
    }
    this.#expectKey = isObject && this.#depth <= 2;
  }

  #close(): void {
    this.#endScalar();
    this.#expectKey = false;
    if (this.#depth > 0) this.#depth--;
    if (this.#depth > 0) return;
    this.#objects++;
    this.#ending = endingOf(this.#scalars) ?? this.#ending;
  }

  /** A number, true, false or null at the top of an object. */
  #scalarByte(byte: number): void {
    if (byte <= 0x20) return this.#endScalar();
    if (!this.#capturing) {
      if (!KEPT.has(this.#key)) return;
      this.#capturing = true;
      this.#readingKey = false;
      this.#partial = '';
    }
    if (this.#partial.length < KEY_LIMIT) this.#partial += String.fromCharCode(byte);
  }

  #endScalar(): void {
    if (!this.#capturing) return;
    this.#capturing = false;
    this.#keep(this.#partial);
  }

  #keep(json: string): void {
    this.#scalars.set(this.#key, json);
  }
}
