/** Kinds of masked tokens. Everything from {@link SENTENCE} on separates segments. */
export const WORD = 0;
/** Something whose value does not count: numbers, dates, paths, addresses. */
export const MASKED = 1;
export const SIGN = 2;
export const LABEL = 3;
export const QUOTED = 4;
export const SENTENCE = 5;
export const BREAK = 6;
/** Where a message, or the text that is read, begins or ends. */
export const EDGE = 7;

/**
 * The masked tokens of one prompt: two 32-bit lanes of keyed hash and a kind each. Reused from prompt
 * to prompt, so that the hot path allocates nothing for them.
 */
export class TokenBuffer {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly kind: Uint8Array;
  count = 0;

  constructor(capacity: number) {
    this.high = new Uint32Array(capacity);
    this.low = new Uint32Array(capacity);
    this.kind = new Uint8Array(capacity);
  }

  push(kind: number, high: number, low: number): void {
    const at = this.count;
    if (at === this.kind.length) return;
    this.high[at] = high;
    this.low[at] = low;
    this.kind[at] = kind;
    this.count = at + 1;
  }

  lastKind(): number {
    return this.count === 0 ? EDGE : this.kind[this.count - 1]!;
  }
}
