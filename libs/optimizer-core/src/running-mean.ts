import type { RunningMean } from './statistics.js';

/** Weight of a new value once the mean has settled: about the last 2 / 0.03 = 66 values count. */
const SETTLED_WEIGHT = 0.03;

export const EMPTY_MEAN: RunningMean = Object.freeze({ samples: 0, mean: 0, variance: 0 });

/**
 * Takes in one value. The plain mean and variance while values are few, exponentially weighted ones
 * afterwards, so that what changed is forgotten. A value that is no number changes nothing.
 */
export function updateMean(mean: RunningMean, value: number): RunningMean {
  if (!Number.isFinite(value)) return mean;
  const samples = mean.samples + 1;
  const weight = Math.max(1 / samples, SETTLED_WEIGHT);
  const difference = value - mean.mean;
  return {
    samples,
    mean: mean.mean + weight * difference,
    variance: (1 - weight) * (mean.variance + weight * difference * difference),
  };
}
