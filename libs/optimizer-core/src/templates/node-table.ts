const WAYS = 8;
const FIRST_SETS = 512;

/**
 * Nodes of openings, each with who passed last. Eight places for each set of keys, the one unused for
 * longest gives way: memory is bounded, and no choice of keys makes a look-up longer than eight steps.
 */
export class NodeTable {
  readonly #maxSets: number;
  #sets = FIRST_SETS;
  #keys = new Float64Array(FIRST_SETS * WAYS);
  #values = new Uint32Array(FIRST_SETS * WAYS);
  #used = new Uint32Array(FIRST_SETS * WAYS);
  #passes = new Uint16Array(FIRST_SETS * WAYS);
  #clock = 0;
  #taken = 0;

  /** `capacity` nodes; a power of two. */
  constructor(capacity: number) {
    this.#maxSets = Math.max(FIRST_SETS, capacity / WAYS);
  }

  get size(): number {
    return this.#taken;
  }

  /** 0 when the node is unknown. */
  get(key: number): number {
    const at = this.#find(key);
    return at < 0 ? 0 : this.#values[at]!;
  }

  /** How often in a row the node was set to the value that it has. */
  passes(key: number): number {
    const at = this.#find(key);
    return at < 0 ? 0 : this.#passes[at]!;
  }

  /** `value` is not 0. */
  set(key: number, value: number): void {
    let at = this.#find(key);
    const again = at >= 0 && this.#values[at] === value;
    if (at < 0) {
      if (this.#taken > this.#sets * WAYS * 0.6 && this.#sets < this.#maxSets) this.#grow();
      at = this.#place(key);
    }
    this.#passes[at] = again ? Math.min(0xffff, this.#passes[at]! + 1) : 1;
    this.#keys[at] = key;
    this.#values[at] = value;
    this.#used[at] = ++this.#clock;
  }

  #find(key: number): number {
    const first = (key % this.#sets) * WAYS;
    for (let at = first; at < first + WAYS; at++) if (this.#keys[at] === key && this.#values[at] !== 0) return at;
    return -1;
  }

  #place(key: number): number {
    const first = (key % this.#sets) * WAYS;
    let oldest = first;
    for (let at = first; at < first + WAYS; at++) {
      if (this.#values[at] === 0) {
        this.#taken++;
        return at;
      }
      if (this.#used[at]! < this.#used[oldest]!) oldest = at;
    }
    return oldest;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const used = this.#used;
    const passes = this.#passes;
    this.#sets *= 2;
    this.#taken = 0;
    this.#keys = new Float64Array(this.#sets * WAYS);
    this.#values = new Uint32Array(this.#sets * WAYS);
    this.#used = new Uint32Array(this.#sets * WAYS);
    this.#passes = new Uint16Array(this.#sets * WAYS);
    for (let i = 0; i < keys.length; i++) {
      if (values[i] === 0) continue;
      const at = this.#place(keys[i]!);
      this.#keys[at] = keys[i]!;
      this.#values[at] = values[i]!;
      this.#used[at] = used[i]!;
      this.#passes[at] = passes[i]!;
    }
  }
}
