import { finish, keyFrom, mixHigh, mixLow, type Lanes } from '../keyed-hash.js';
import { A_LABEL, AT_END, AT_START, OVERLAPPING, PART } from './prompt-sketch.js';
import { BREAK, EDGE, LABEL, SENTENCE, WORD, type TokenBuffer } from './token-buffer.js';

/** Segments kept from the front and from the end. */
const FRONT = 12;
const BACK = 24;
const MAX_WORDS = 16;
/** Words hashed at the ends of a long segment, so that a slot at one end leaves the other known. */
const END_WORDS = 8;
const END_WEIGHT = 7;
/** Bits of the weight. */
const WEIGHT_BITS = 6;
const MAX_SEGMENTS = 4096;

export interface Segments {
  readonly segments: Float64Array;
  readonly weights: Uint8Array;
  readonly sides: Uint8Array;
}

/**
 * Cuts masked tokens at line breaks, sentence ends, quotes and labels. A segment's key takes in what
 * stands at its two sides, and only those that touch a line break or an end count: static text has a
 * fixed place in its line, a phrase of the language has not.
 */
export class SegmentCutter {
  readonly #key: Lanes;
  readonly #from = new Int32Array(MAX_SEGMENTS);
  readonly #to = new Int32Array(MAX_SEGMENTS);
  readonly #left = new Uint8Array(MAX_SEGMENTS);
  readonly #right = new Uint8Array(MAX_SEGMENTS);
  readonly #found = new Map<number, number>();

  constructor(key: Lanes) {
    this.#key = key;
  }

  cut(tokens: TokenBuffer, start: number): Segments {
    const count = this.#split(tokens, start);
    const found = this.#found;
    found.clear();
    const backFrom = Math.max(FRONT, count - BACK);
    let before = 0;
    for (let s = 0; s < count; s++) {
      if (s >= FRONT && s < backFrom) {
        before = 0;
        continue;
      }
      before = this.#take(tokens, s, before);
    }
    const segments = new Float64Array(found.size);
    const weights = new Uint8Array(found.size);
    const sides = new Uint8Array(found.size);
    let i = 0;
    for (const [key, weight] of found) {
      segments[i] = key;
      weights[i] = weight & ((1 << WEIGHT_BITS) - 1);
      sides[i++] = weight >> WEIGHT_BITS;
    }
    return { segments, weights, sides };
  }

  #split(tokens: TokenBuffer, start: number): number {
    const { kind, count } = tokens;
    let segments = 0;
    let from = -1;
    let side = EDGE;
    for (let i = start; i < count; i++) {
      const k = kind[i]!;
      if (k >= LABEL) {
        if (from >= 0 && segments < MAX_SEGMENTS) {
          this.#to[segments] = i;
          this.#left[segments] = side;
          this.#right[segments] = k;
          from = -1;
          side = 0;
          segments++;
        } else if (segments > 0 && k > this.#right[segments - 1]!) {
          this.#right[segments - 1] = k;
        }
        if (k > side) side = k;
      } else if (from < 0 && segments < MAX_SEGMENTS) {
        from = i;
        this.#from[segments] = i;
      }
    }
    return segments;
  }

  /** Notes the keys of a segment; gives its hash for the next one's bigram. */
  #take(tokens: TokenBuffer, s: number, before: number): number {
    const from = this.#from[s]!;
    const to = this.#to[s]!;
    const left = this.#left[s]!;
    const right = this.#right[s]!;
    const words = wordsIn(tokens, from, to);
    const whole = this.#hash(tokens, from, to, left * 16 + right);
    if (left >= BREAK || right >= BREAK) {
      const sides = (left === EDGE ? AT_START : 0) | (right === EDGE ? AT_END : 0);
      if (words > END_WORDS) {
        const weight = Math.max(1, Math.min(MAX_WORDS, words) + 1 - 2 * END_WEIGHT);
        const overlapping = words < 2 * END_WORDS ? OVERLAPPING : 0;
        const head = this.#hash(tokens, from, endAfter(tokens, from, to), 256 + left);
        const tail = this.#hash(tokens, startBefore(tokens, from, to), to, 512 + right);
        this.#note(whole, weight, sides | overlapping);
        this.#note(head, END_WEIGHT, (sides & AT_START) | PART);
        this.#note(tail, END_WEIGHT, (sides & AT_END) | PART);
      } else if (words > 0) {
        const label = left >= BREAK && tokens.kind[to] === LABEL ? A_LABEL : 0;
        this.#note(whole, words + 1, sides | label);
      }
      if (before !== 0) this.#note(this.#pair(before, whole), 1, 0);
    }
    return whole;
  }

  #note(key: number, weight: number, sides: number): void {
    if (!this.#found.has(key)) this.#found.set(key, weight | (sides << WEIGHT_BITS));
  }

  #pair(before: number, after: number): number {
    const h = mixHigh(mixHigh(this.#key.high, before % 0x100000000), after % 0x100000000);
    const l = mixLow(mixLow(this.#key.low, before % 0x100000000), after % 0x100000000);
    return keyFrom(finish(h, l), finish(l, h));
  }

  #hash(tokens: TokenBuffer, from: number, to: number, sides: number): number {
    const { high, low, kind } = tokens;
    let h = mixHigh(this.#key.high, sides);
    let l = mixLow(this.#key.low, sides);
    for (let i = from; i < to; i++) {
      h = mixHigh(h ^ (h >>> 15), high[i]!);
      l = mixLow(l ^ (l >>> 13), low[i]!);
    }
    if (kind[to] === SENTENCE || kind[to] === LABEL) {
      h = mixHigh(h, high[to]!);
      l = mixLow(l, low[to]!);
    }
    return keyFrom(finish(h, l), finish(l, h));
  }
}

function wordsIn({ kind }: TokenBuffer, from: number, to: number): number {
  let words = 0;
  for (let i = from; i < to; i++) if (kind[i] === WORD) words++;
  return words;
}

function endAfter({ kind }: TokenBuffer, from: number, to: number): number {
  let words = 0;
  for (let i = from; i < to; i++) if (kind[i] === WORD && ++words === END_WORDS) return i + 1;
  return to;
}

function startBefore({ kind }: TokenBuffer, from: number, to: number): number {
  let words = 0;
  for (let i = to - 1; i >= from; i--) if (kind[i] === WORD && ++words === END_WORDS) return i;
  return from;
}
