import { GIB, hasGpu, type Hardware } from './hardware.js';
import { kvCacheBytes, type ModelCard } from './models.js';
import type { RunnerOptions } from './options.js';

/** Nanoseconds that scheduling takes when the runner is there already: parsing, options, a ping (1 to 110 ms were seen). */
export const REUSE_NS = 4_000_000;

/** The health of a starting runner is asked every 250 ms, so no load is shorter, nanoseconds. */
export const SHORTEST_LOAD_NS = 250_000_000;

/** How fast a model runs against the one that the machine's constants describe: it is bound by memory, so by its weights. */
function relativeSize(hardware: Hardware, model: ModelCard): number {
  return model.weightsBytes / hardware.weightsBytes;
}

/** Bytes of a runner: weights, KV cache of all slots, compute buffers. `context`: tokens of all slots together. */
export function runnerBytes(hardware: Hardware, model: ModelCard, context: number): number {
  const overhead = hardware.overheadBytes * Math.min(1, relativeSize(hardware, model));
  return model.weightsBytes + overhead + kvCacheBytes(model, context);
}

/** Share of a runner that is not on the GPU, 0 to 1, when it has the card to itself. */
export function cpuShare(hardware: Hardware, model: ModelCard, context: number, numGpu: number): number {
  if (!hasGpu(hardware)) return 1;
  const total = runnerBytes(hardware, model, context);
  const spilled = Math.max(0, total - hardware.vramBytes) / total;
  if (numGpu < 0) return spilled;
  return Math.max(spilled, 1 - Math.min(1, numGpu / (model.blockCount + 1)));
}

/** Bytes of a runner in video memory: 0 on a machine without a GPU. */
export function runnerVramBytes(hardware: Hardware, model: ModelCard, context: number, numGpu: number): number {
  return runnerBytes(hardware, model, context) * (1 - cpuShare(hardware, model, context, numGpu));
}

/** How many times longer prefill and decode take than with everything on the GPU. */
export function slowdown(hardware: Hardware, model: ModelCard, context: number, numGpu = -1): number {
  if (!hasGpu(hardware)) return 1;
  return 1 + cpuShare(hardware, model, context, numGpu) * (hardware.cpuSlowdown - 1);
}

/**
 * Nanoseconds from a dead runner to a ready one. The constants were measured as whole reloads, so
 * the wait for video memory to come back is inside them.
 */
export function loadNs(hardware: Hardware, model: ModelCard, context: number): number {
  const seconds =
    hardware.loadSeconds * relativeSize(hardware, model) +
    (hardware.loadSecondsPerKvGib * kvCacheBytes(model, context)) / GIB;
  return Math.max(SHORTEST_LOAD_NS, Math.round(seconds * 1e9));
}

/** Nanoseconds to evaluate `tokens` that no cache holds. */
export function prefillNs(hardware: Hardware, model: ModelCard, tokens: number, slow: number): number {
  return Math.round((tokens / hardware.prefillRate) * relativeSize(hardware, model) * slow * 1e9);
}

/** Nanoseconds for one token of an answer. */
export function decodeNsPerToken(hardware: Hardware, model: ModelCard, slow: number): number {
  return (relativeSize(hardware, model) * slow * 1e9) / hardware.decodeRate;
}

/** What a window costs on an otherwise empty machine: for policies that compare windows. */
export interface WindowCost {
  readonly loadNs: number;
  readonly slowdown: number;
  readonly bytes: number;
  readonly vramBytes: number;
}

export function windowCost(
  hardware: Hardware,
  model: ModelCard,
  options: Pick<RunnerOptions, 'numCtx' | 'numGpu'>,
  parallel: number,
): WindowCost {
  const context = options.numCtx * parallel;
  return {
    loadNs: loadNs(hardware, model, context),
    slowdown: slowdown(hardware, model, context, options.numGpu),
    bytes: runnerBytes(hardware, model, context),
    vramBytes: runnerVramBytes(hardware, model, context, options.numGpu),
  };
}
