import { RESOLUTIONS } from './fingerprinter.js';
import { differingBits, fromHex } from './keyed-hash.js';
import type { Fingerprint } from './request.js';

/** Bits in which two fingerprints of one kind may differ, per resolution of {@link RESOLUTIONS}. */
const THRESHOLDS = [3, 4, 6, 8, 12] as const;
const FIRST_ROWS = 256;

/**
 * Fingerprints in flat arrays, so that a look-up among 100,000 is one short scan and not a walk over
 * objects. A row is free when its depth is 0; its number is its owner's handle.
 */
export class FingerprintTable {
  readonly #capacity: number;
  readonly #free: number[] = [];
  #high: readonly Uint32Array[] = RESOLUTIONS.map(() => new Uint32Array(0));
  #low: readonly Uint32Array[] = RESOLUTIONS.map(() => new Uint32Array(0));
  /** How many resolutions a row has, from the shallowest on. */
  #depth = new Uint8Array(0);
  #rows = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Keeps the fingerprints and gives their row. The caller removes a row before it exceeds the capacity. */
  add(fingerprints: readonly Fingerprint[]): number {
    const row = this.#free.pop() ?? this.#rows++;
    if (row >= this.#depth.length) this.#grow();
    this.#depth[row] = this.#write(row, fingerprints);
    return row;
  }

  remove(row: number): void {
    this.#depth[row] = 0;
    this.#free.push(row);
  }

  /** The nearest row at the deepest resolution where one is near enough; -1 for none. */
  nearest(fingerprints: readonly Fingerprint[]): number {
    for (let level = depthOf(fingerprints) - 1; level >= 0; level--) {
      const row = this.#scan(level, fingerprints[level]!);
      if (row >= 0) return row;
    }
    return -1;
  }

  #scan(level: number, fingerprint: Fingerprint): number {
    const lanes = fromHex(fingerprint.hash);
    if (lanes === null) return -1;
    const high = this.#high[level]!;
    const low = this.#low[level]!;
    const depth = this.#depth;
    const rows = this.#rows;
    let found = -1;
    let least = THRESHOLDS[level]! + 1;
    for (let row = 0; row < rows; row++) {
      const bits = differingBits(high[row]!, lanes.high);
      if (bits >= least || depth[row]! <= level) continue;
      const distance = bits + differingBits(low[row]!, lanes.low);
      if (distance >= least) continue;
      least = distance;
      found = row;
      if (distance === 0) break;
    }
    return found;
  }

  #write(row: number, fingerprints: readonly Fingerprint[]): number {
    const depth = depthOf(fingerprints);
    for (let level = 0; level < depth; level++) {
      const lanes = fromHex(fingerprints[level]!.hash)!;
      this.#high[level]![row] = lanes.high;
      this.#low[level]![row] = lanes.low;
    }
    return depth;
  }

  #grow(): void {
    const rows = Math.min(this.#capacity, Math.max(FIRST_ROWS, this.#depth.length * 2));
    const wider = (old: Uint32Array): Uint32Array => {
      const array = new Uint32Array(rows);
      array.set(old);
      return array;
    };
    this.#high = this.#high.map(wider);
    this.#low = this.#low.map(wider);
    const depth = new Uint8Array(rows);
    depth.set(this.#depth);
    this.#depth = depth;
  }
}

/** How many of the leading fingerprints are well-formed and in the order of the resolutions. */
export function depthOf(fingerprints: readonly Fingerprint[]): number {
  let depth = 0;
  for (const { tokens, hash } of fingerprints) {
    if (tokens !== RESOLUTIONS[depth] || fromHex(hash) === null) break;
    depth++;
  }
  return depth;
}
