import { slide } from './sliding.js';
import type { RecentSample } from './statistics.js';

export function emptySample(capacity: number): RecentSample {
  return { capacity, values: [] };
}

/** The sample with one more value, without its oldest when it was full. A value that is no number changes nothing. */
export function pushSample(sample: RecentSample, value: number): RecentSample {
  if (!Number.isFinite(value)) return sample;
  return { capacity: sample.capacity, values: slide(sample.values, value, sample.capacity) };
}

// A decision asks for several quantiles of samples that change only when an answer ends.
const sorted = new WeakMap<RecentSample, Float64Array>();

/**
 * The smallest held value that at least a share `q` (0 to 1) of all held values does not exceed;
 * null when nothing is held. A value that occurred, never one between two: 95 % really are below.
 */
export function quantile(sample: RecentSample, q: number): number | null {
  const count = sample.values.length;
  if (count === 0) return null;
  let values = sorted.get(sample);
  if (values === undefined) {
    values = Float64Array.from(sample.values).toSorted();
    sorted.set(sample, values);
  }
  const rank = Math.ceil(Math.min(1, Math.max(0, q)) * count);
  return values[Math.max(0, rank - 1)]!;
}
