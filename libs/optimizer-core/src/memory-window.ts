import type { ModelFacts, RunnerView } from './runner.js';

/** Compute buffers beside weights and KV cache: what the cost model of the sizing workloads takes, 0.6 GiB. */
const OVERHEAD_BYTES = 0.6 * 2 ** 30;

/**
 * The largest window, tokens, whose KV cache fits `budgetBytes` beside the weights; 0 when not even
 * they fit; null when budget, weights or the cache's size are unknown. The facts are those of `factsHere`: slots and cache type counted. A loaded
 * runner tells its weights best: what it takes beyond its cache; else the model's file does.
 */
export function memoryWindow(
  budgetBytes: number | null,
  facts: ModelFacts | null,
  runner: RunnerView | null,
): number | null {
  const perToken = facts?.kvBytesPerToken ?? null;
  if (budgetBytes === null || facts === null || perToken === null || perToken <= 0) return null;
  const weights = weightsBytes(facts, runner, perToken);
  return weights === null ? null : Math.max(0, Math.floor((budgetBytes - weights) / perToken));
}

function weightsBytes(facts: ModelFacts, runner: RunnerView | null, perToken: number): number | null {
  if (runner !== null && runner.sizeBytes !== null) return Math.max(0, runner.sizeBytes - runner.window * perToken);
  return facts.weightsBytes === null ? null : facts.weightsBytes + OVERHEAD_BYTES;
}
