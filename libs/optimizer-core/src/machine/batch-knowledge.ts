import type { RequestCompletedV1 } from '../events.js';
import { EMPTY_MEAN, updateMean } from '../running-mean.js';
import type { RunningMean } from '../statistics.js';

/** Sizes of a batch that are tried, tokens. Beyond 2,048 the server itself never goes. */
export const BATCHES = [256, 512, 1024, 2048] as const;

/** What was seen of one size of the batch. */
export interface BatchArm {
  /** log of seconds per prompt token that was not cached. */
  readonly rate: RunningMean;
  /** Runners that were started with it, and those that failed to start. */
  readonly loads: number;
  readonly failures: number;
}

/** By size; the server's own choice is kept under `auto`. Sizes never used are absent. */
export type BatchKnowledge = Readonly<Record<string, BatchArm>>;

export const NO_BATCHES: BatchKnowledge = Object.freeze({});

const UNKNOWN: BatchArm = Object.freeze({ rate: EMPTY_MEAN, loads: 0, failures: 0 });

/** Prompts with fewer new tokens say more about overhead than about a batch. */
const LEAST_TOKENS = 256;

export function armOf(batches: BatchKnowledge, numBatch: number | null): BatchArm {
  return batches[keyOf(numBatch)] ?? UNKNOWN;
}

export function learnBatchLoad(batches: BatchKnowledge, numBatch: number | null): BatchKnowledge {
  const arm = armOf(batches, numBatch);
  return { ...batches, [keyOf(numBatch)]: { ...arm, loads: arm.loads + 1 } };
}

export function learnBatchFailure(batches: BatchKnowledge, numBatch: number): BatchKnowledge {
  const arm = armOf(batches, numBatch);
  return { ...batches, [keyOf(numBatch)]: { ...arm, failures: arm.failures + 1 } };
}

/** Prefill of a whole answer, where the server said how much of it was cached. */
export function learnBatchRate(batches: BatchKnowledge, done: RequestCompletedV1): BatchKnowledge {
  if (done.numBatch === undefined || done.cachedTokens === null || done.taints.some((taint) => taint !== 'length')) {
    return batches;
  }
  const fresh = (done.promptTokens ?? 0) - done.cachedTokens;
  const seconds = (done.promptEvalNs ?? 0) / 1e9;
  if (fresh < LEAST_TOKENS || !(seconds > 0)) return batches;
  const arm = armOf(batches, done.numBatch);
  return { ...batches, [keyOf(done.numBatch)]: { ...arm, rate: updateMean(arm.rate, Math.log(seconds / fresh)) } };
}

function keyOf(numBatch: number | null): string {
  return numBatch === null ? 'auto' : String(numBatch);
}
