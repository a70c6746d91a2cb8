import { runnerBytes, runnerVramBytes, slowdown } from './costs.js';
import type { Hardware } from './hardware.js';
import type { Submission } from './job.js';
import { kvBytesPerToken, isEmbeddingModel, type ModelCard } from './models.js';
import { automaticBatch, type RunnerOptions } from './options.js';
import { PrefixCache } from './prefix-cache.js';
import type { Timer } from './timers.js';

/** A runner as `/api/ps` and policies see it. */
export interface LoadedRunner {
  /** The name it was loaded under. */
  readonly model: ModelCard;
  readonly options: RunnerOptions;
  readonly parallel: number;
  readonly bytes: number;
  readonly vramBytes: number;
  /** Requests that hold it. */
  readonly references: number;
  /** Virtual nanoseconds at which it unloads by itself if nobody asks again; Infinity: never. */
  readonly expiresAtNs: number;
}

/** A request in progress. */
export interface Job {
  readonly submission: Submission;
  readonly submittedNs: number;
  /** When it got its runner; null before. */
  admittedNs: number | null;
  runner: Runner | null;
  slot: number | null;
  timer: Timer | null;
  cancelled: boolean;
}

/** How many requests a runner of this model serves at once. */
export function slotsFor(model: ModelCard, parallel: number): number {
  return isEmbeddingModel(model) || !model.parallel ? 1 : Math.max(1, parallel);
}

/** A running process that serves one model file with fixed options. */
export class Runner {
  readonly model: ModelCard;
  readonly options: RunnerOptions;
  readonly slots: (Job | null)[];
  readonly waiting: Job[] = [];
  readonly cache: PrefixCache;
  readonly bytes: number;
  readonly vramBytes: number;
  /** How many times slower it is than with everything on the GPU. */
  readonly slow: number;
  references = 0;
  /** How long it stays when idle, nanoseconds; 0 while something waits for it to go. */
  sessionNs: number;
  expiresAtNs: number | null = null;
  expiry: Timer | null = null;

  constructor(hardware: Hardware, model: ModelCard, options: RunnerOptions, parallel: number, sessionNs: number) {
    const slots = slotsFor(model, parallel);
    const context = options.numCtx * slots;
    this.model = model;
    this.options = options.numBatchAuto ? { ...options, numBatch: automaticBatch(context) } : options;
    this.slots = Array.from({ length: slots }, () => null);
    this.cache = new PrefixCache(slots, kvBytesPerToken(model));
    this.bytes = runnerBytes(hardware, model, context);
    this.vramBytes = runnerVramBytes(hardware, model, context, options.numGpu);
    this.slow = slowdown(hardware, model, context, options.numGpu);
    this.sessionNs = sessionNs;
  }

  idleSlots(): number[] {
    return this.slots.flatMap((job, slot) => (job === null ? [slot] : []));
  }

  view(nowNs: number): LoadedRunner {
    return {
      model: this.model,
      options: this.options,
      parallel: this.slots.length,
      bytes: this.bytes,
      vramBytes: this.vramBytes,
      references: this.references,
      expiresAtNs: this.expiresAtNs ?? nowNs + this.sessionNs,
    };
  }
}
