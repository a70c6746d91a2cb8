import { finish, keyOf, mixHigh, mixLow, toHex } from './keyed-hash.js';
import type { Fingerprint, PromptSegment } from './request.js';

/** How many leading tokens each fingerprint covers; a shorter prompt has none at that resolution. */
export const RESOLUTIONS = [64, 128, 256, 512, 1024] as const;

/** Words in a shingle: order counts, and one changed word touches no more than three shingles. */
const SHINGLE = 3;
const BITS = 32;

export interface Fingerprinter {
  /** Reads no further than the last resolution needs. */
  fingerprint(segments: readonly PromptSegment[]): readonly Fingerprint[];
}

/**
 * Multi-resolution SimHash. Prompts are hashed under `secret`, so that nobody without it can try
 * texts against a stored fingerprint. Tokens are words without regard to case, and single characters
 * of scripts that have no spaces; punctuation does not count.
 */
export function createFingerprinter(secret: string): Fingerprinter {
  const key = keyOf(secret);
  return { fingerprint: (segments) => new SimHash(key.high, key.low).over(segments) };
}

class SimHash {
  readonly #ones = new Uint16Array(2 * BITS);
  readonly #found: Fingerprint[] = [];
  readonly #keyHigh: number;
  readonly #keyLow: number;
  #tokens = 0;
  #resolution = 0;
  // The two words before the current one: a shingle of three is hashed from the hashes of its words.
  #high1 = 0;
  #low1 = 0;
  #high2 = 0;
  #low2 = 0;

  constructor(keyHigh: number, keyLow: number) {
    this.#keyHigh = keyHigh;
    this.#keyLow = keyLow;
  }

  over(segments: readonly PromptSegment[]): readonly Fingerprint[] {
    for (const segment of segments) {
      if (this.#read(segment.text)) break;
    }
    return this.#found;
  }

  /** True when the last resolution is reached. */
  #read(text: string): boolean {
    let high = this.#keyHigh;
    let low = this.#keyLow;
    let inWord = false;
    for (let i = 0; i <= text.length; i++) {
      const unit = i < text.length ? text.charCodeAt(i) : 0;
      const kind = kindOf(unit);
      if (inWord && kind !== IN_WORD) {
        if (this.#token(finish(high, low), finish(low, high))) return true;
        inWord = false;
      }
      if (kind === BREAK) continue;
      if (!inWord) {
        high = this.#keyHigh;
        low = this.#keyLow;
      }
      const folded = unit >= 65 && unit <= 90 ? unit | 32 : unit;
      high = mixHigh(high, folded);
      low = mixLow(low, folded);
      if (kind === IN_WORD) inWord = true;
      else if (this.#token(finish(high, low), finish(low, high))) return true;
    }
    return false;
  }

  #token(high: number, low: number): boolean {
    this.#tokens++;
    if (this.#tokens >= SHINGLE) {
      const h = mixHigh(mixHigh(mixHigh(this.#keyHigh, this.#high2), this.#high1), high);
      const l = mixLow(mixLow(mixLow(this.#keyLow, this.#low2), this.#low1), low);
      this.#count(finish(h, l), 0);
      this.#count(finish(l, h), BITS);
    }
    this.#high2 = this.#high1;
    this.#low2 = this.#low1;
    this.#high1 = high;
    this.#low1 = low;
    if (this.#tokens !== RESOLUTIONS[this.#resolution]) return false;
    this.#found.push({ tokens: this.#tokens, hash: this.#majority() });
    this.#resolution++;
    return this.#resolution === RESOLUTIONS.length;
  }

  #count(lane: number, at: number): void {
    const ones = this.#ones;
    for (let bit = 0; bit < BITS; bit++) ones[at + bit]! += (lane >>> bit) & 1;
  }

  #majority(): string {
    const shingles = this.#tokens - SHINGLE + 1;
    let high = 0;
    let low = 0;
    for (let bit = 0; bit < BITS; bit++) {
      if (2 * this.#ones[bit]! > shingles) high |= 1 << bit;
      if (2 * this.#ones[BITS + bit]! > shingles) low |= 1 << bit;
    }
    return toHex({ high, low });
  }
}

const BREAK = 0;
const IN_WORD = 1;
const ALONE = 2;

function kindOf(unit: number): 0 | 1 | 2 {
  if (unit < 0x80) {
    const letter = unit | 32;
    return (letter >= 97 && letter <= 122) || (unit >= 48 && unit <= 57) || unit === 95 ? IN_WORD : BREAK;
  }
  if (unit < 0xc0) return BREAK;
  if (unit < 0x2000) return IN_WORD;
  if (unit <= 0x206f || (unit >= 0x3000 && unit <= 0x3004) || (unit >= 0x3008 && unit <= 0x303f)) return BREAK;
  if (unit >= 0xff00 && unit <= 0xff0f) return BREAK;
  if (unit >= 0x2e80 && unit < 0xac00) return ALONE;
  return IN_WORD;
}
