import { NO_BATCHES, type BatchKnowledge } from './batch-knowledge.js';

/** What a runner took in memory, all of it: weights, the cache of all slots, buffers. */
export interface SeenSize {
  /** Tokens. */
  readonly window: number;
  readonly bytes: number;
}

/** A window that was too much for the server to load. */
export interface FailedLoad {
  /** Tokens. */
  readonly window: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** What was seen of one model on this machine beyond its speed: a fold over its events, bounded, plain data. */
export interface MachineState {
  readonly model: string;
  /** The last of each window, at most {@link MAX_SIZES}, ascending by window. */
  readonly sizes: readonly SeenSize[];
  /** Those that no later load disproved, oldest first. */
  readonly failures: readonly FailedLoad[];
  /** What its runner was last started with by a decision; null: never. */
  readonly lastLoad: { readonly window: number; readonly numBatch: number | null } | null;
  readonly batches: BatchKnowledge;
}

export const MAX_SIZES = 12;
export const MAX_FAILURES = 8;

export function emptyMachineState(model: string): MachineState {
  return { model, sizes: [], failures: [], lastLoad: null, batches: NO_BATCHES };
}
