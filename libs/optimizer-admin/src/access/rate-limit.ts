const MINUTE_MS = 60_000;

/** Addresses remembered; beyond it the longest known is forgotten. */
const CAPACITY = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** So many requests a minute for each address, evenly refilled. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** Seconds to wait; 0: go ahead. */
  take(address: string, perMinute: number, nowMs: number): number {
    const bucket = this.#buckets.get(address) ?? this.#add(address, perMinute, nowMs);
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((nowMs - bucket.atMs) * perMinute) / MINUTE_MS);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * MINUTE_MS) / perMinute / 1000);
    bucket.tokens -= 1;
    return 0;
  }

  #add(address: string, perMinute: number, nowMs: number): Bucket {
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= CAPACITY && !oldest.done) this.#buckets.delete(oldest.value);
    const bucket = { tokens: perMinute, atMs: nowMs };
    this.#buckets.set(address, bucket);
    return bucket;
  }
}
