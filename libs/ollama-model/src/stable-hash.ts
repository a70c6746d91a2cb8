/** 64 bits as two unsigned 32-bit lanes; spreads well and needs no BigInt. Not cryptographic. */
export interface HashLanes {
  readonly high: number;
  readonly low: number;
}

export function hashLanes(text: string, seed = 0): HashLanes {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return { high: b >>> 0, low: a >>> 0 };
}

/** 64 lower-case hexadecimal digits, for things that look like a SHA-256 digest. */
export function digestOf(text: string): string {
  let digest = '';
  for (let part = 0; part < 4; part += 1) {
    const { high, low } = hashLanes(text, part + 1);
    digest += high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
  }
  return digest;
}

/** A deterministic stream of numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
