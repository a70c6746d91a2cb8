import { memoryWindow } from '../memory-window.js';
import type { ModelFacts, RunnerView } from '../runner.js';

/** Memory of one kind, bytes. */
export interface MemoryPool {
  readonly totalBytes: number;
  /** What a runner could be given: what is free, what is reclaimed when needed, and what the server's own runners hold. */
  readonly availableBytes: number;
}

/** The memory of the machine that the server runs on, as far as it can be told; null: it cannot. */
export interface MachineMemory {
  readonly host: MemoryPool | null;
  /** Of all GPUs together. */
  readonly gpu: MemoryPool | null;
  /** A runner was seen that lay wholly on a GPU: this server uses what there is of them. */
  readonly usesGpu: boolean;
}

/** A GPU with less than this left beside the weights is not what the window has to fit, tokens. */
const LEAST_WINDOW = 2048;

/**
 * The largest window, tokens, that this machine has memory for; null: cannot be told. On a server that uses a GPU it
 * lies wholly there, unless the GPU does not hold the weights: those spill anyway, and both together count. Where it is unclear
 * which of them a server uses, they count together, too: nothing is limited that might fit.
 */
export function measuredWindow(
  memory: MachineMemory,
  facts: ModelFacts | null,
  runner: RunnerView | null,
): number | null {
  const { host, gpu, usesGpu } = memory;
  if (gpu === null) return usesGpu ? null : memoryWindow(host?.availableBytes ?? null, facts, runner);
  const onGpu = memoryWindow(gpu.availableBytes, facts, runner);
  if (usesGpu && onGpu !== null && onGpu >= LEAST_WINDOW) return onGpu;
  return host === null ? null : memoryWindow(gpu.availableBytes + host.availableBytes, facts, runner);
}
