/** 64 bits as two unsigned 32-bit lanes: BigInt is 10 to 70 times slower in this loop. */
export interface Lanes {
  readonly high: number;
  readonly low: number;
}

const HIGH_MULTIPLIER = 2654435761;
const LOW_MULTIPLIER = 1597334677;

/**
 * Takes one more unit into the high lane. The multipliers and the finish are those of cyrb53 (public
 * domain), which spreads two independent 32-bit states.
 */
export function mixHigh(state: number, unit: number): number {
  return Math.imul(state ^ unit, HIGH_MULTIPLIER);
}

export function mixLow(state: number, unit: number): number {
  return Math.imul(state ^ unit, LOW_MULTIPLIER);
}

/** Avalanche of one lane, so that neighbouring inputs differ in half of the bits. */
export function finish(own: number, other: number): number {
  const mixed = Math.imul(own ^ (own >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  return (Math.imul(mixed ^ (mixed >>> 15), 2246822507) ^ (mixed >>> 13)) >>> 0;
}

/** Hash of a text under a key. Not cryptographic: it keeps hashes of two installations apart. */
export function hashText(text: string, key: Lanes): Lanes {
  let high = key.high ^ 0xdeadbeef;
  let low = key.low ^ 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = mixHigh(high, unit);
    low = mixLow(low, unit);
  }
  return { high: finish(high, low), low: finish(low, high) };
}

/** The key that a secret of any length stands for. */
export function keyOf(secret: string): Lanes {
  const once = hashText(secret, { high: 0, low: 0 });
  return hashText(secret, once);
}

/** 16 lower-case hexadecimal digits. */
export function toHex(lanes: Lanes): string {
  return lane(lanes.high) + lane(lanes.low);
}

function lane(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Reads what {@link toHex} wrote; null for anything else. */
export function fromHex(text: string): Lanes | null {
  if (!/^[0-9a-f]{16}$/.test(text)) return null;
  return { high: Number.parseInt(text.slice(0, 8), 16), low: Number.parseInt(text.slice(8), 16) };
}

/** Number of bits in which two 32-bit lanes differ. */
export function differingBits(a: number, b: number): number {
  let x = a ^ b;
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}

/** 52 bits of a hash as a whole number: a key for maps that needs no string and no BigInt. Lanes are unsigned. */
export function keyFrom(high: number, low: number): number {
  return high * 0x100000 + (low >>> 12);
}
