import {
  BATCH_DICE,
  chooseBatch,
  evictionsOf,
  factsHere,
  keptBatch,
  measuredWindow,
  memoryWindow,
  neighbourOf,
  type BatchDecision,
  type Decision,
  type Eviction,
  type FailedLoad,
  type MachineMemory,
  type ModelFacts,
  type Neighbour,
  type PolicyParameters,
  type RunnerView,
} from '@rightsize/optimizer-core';
import type { LoadedModel } from './backend.js';
import type { Clock } from './clock.js';
import type { ModelCatalogue } from './model-catalogue.js';
import type { ReadModels } from './projections/read-models.js';
import type { RunnerTracker } from './runner-tracker.js';
import { memoryBudgetFor, type RightsizeSettings } from './settings.js';

/** Bytes of buffers for each token of a batch: what Ollama reckons with. */
const BATCH_BYTES = 2 ** 20;

/** Model names come from clients. */
const CAPACITY = 1_000;

/** What an event told is folded by then, milliseconds: until then it is kept here. */
const FOLDED_MS = 30_000;

/** What a model is on this machine: its file's facts, put right by what was configured and seen. Memory only. */
export class MachineView {
  readonly #settings: RightsizeSettings;
  readonly #clock: Clock;
  readonly #catalogue: ModelCatalogue;
  readonly #runners: RunnerTracker;
  readonly #readModels: ReadModels;
  readonly #memory: () => MachineMemory | null;
  readonly #policy: (model: string) => PolicyParameters;
  readonly #random: () => number;
  /** What was noted in the last moments, before the log has told the read model. */
  readonly #failed = new Map<string, FailedLoad>();
  readonly #started = new Map<string, { readonly window: number; readonly numBatch: number | null }>();

  constructor(
    settings: RightsizeSettings,
    clock: Clock,
    catalogue: ModelCatalogue,
    runners: RunnerTracker,
    readModels: ReadModels,
    memory: () => MachineMemory | null,
    policy: (model: string) => PolicyParameters,
    random: () => number = Math.random,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#catalogue = catalogue;
    this.#runners = runners;
    this.#readModels = readModels;
    this.#memory = memory;
    this.#policy = policy;
    this.#random = random;
  }

  facts(model: string): ModelFacts | null {
    const facts = this.#catalogue.facts(model);
    if (facts === null) return null;
    const state = this.#readModels.machine.get(model);
    const nowMs = this.#clock.nowMs();
    const fresh = this.#failed.get(model);
    const isFresh = fresh !== undefined && nowMs - fresh.atMs < FOLDED_MS;
    const failures = isFresh ? [...(state?.failures ?? []), fresh] : (state?.failures ?? []);
    return factsHere(facts, state?.sizes ?? [], failures, this.#settings, nowMs);
  }

  /**
   * The largest window that fits the memory, tokens; null: no limit known. A configured budget goes before what was seen
   * of the model and what was measured of the machine, the lesser of which counts.
   */
  memoryWindow(model: string): number | null {
    const facts = this.facts(model);
    const runner = this.#runners.view(model);
    const configured = memoryWindow(memoryBudgetFor(this.#settings, model), facts, runner);
    if (configured !== null) return configured;
    const seen = this.#runners.seenMemoryWindow(model);
    const memory = this.#memory();
    const measured = memory === null ? null : measuredWindow(memory, facts, runner);
    return seen === null || measured === null ? (seen ?? measured) : Math.min(seen, measured);
  }

  /** Which windows of the model push out whom of those that `/api/ps` showed beside it. */
  evictions(model: string): readonly Eviction[] {
    const own = this.#runners.runnerOf(model);
    const others = this.#runners.loaded.filter((other) => this.#runners.runnerOf(other.model) !== own);
    if (others.length === 0) return [];
    // The server lets idle ones go first, of those the ones that were to be kept for the shortest time.
    const inTurn = others.toSorted((a, b) => (a.expiresInMs ?? Infinity) - (b.expiresInMs ?? Infinity));
    const neighbours = inTurn.flatMap((other) => this.#neighbour(other));
    return evictionsOf(this.memoryWindow(model), this.facts(model), neighbours);
  }

  #neighbour({ model, window, sizeBytes, sizeVramBytes }: LoadedModel): readonly Neighbour[] {
    if (window === null || sizeBytes === null || sizeBytes <= 0) return [];
    const bytes = sizeVramBytes !== null && sizeVramBytes > 0 ? sizeVramBytes : sizeBytes;
    const state = this.#readModels.sizing.get(model);
    return [neighbourOf(state, this.facts(model), { window, bytes }, this.#policy(model))];
  }

  /** The model could not be loaded with this window. */
  noteFailure(model: string, window: number): void {
    bound(this.#failed);
    this.#failed.set(model, { window, atMs: this.#clock.nowMs() });
  }

  /**
   * The batch for what was decided: that of the runner when nothing is loaded for it, whoever asks must send
   * the same; else one is chosen, and is the runner's from here on. Null: `num_batch` is the server's affair.
   */
  batchFor(
    model: string,
    { numCtx }: Decision,
    runner: RunnerView | null,
    isTrialAllowed = true,
  ): BatchDecision | null {
    if (this.#settings.numBatch === 'server' || numCtx === null) return null;
    if (runner?.window === numCtx) return keptBatch(this.#batchOf(model, numCtx));
    const chosen = isTrialAllowed ? this.#choose(model, numCtx) : keptBatch(null);
    bound(this.#started);
    this.#started.set(model, { window: numCtx, numBatch: chosen.value });
    return chosen;
  }

  #choose(model: string, numCtx: number): BatchDecision {
    const state = this.#readModels.machine.get(model);
    const perToken = this.facts(model)?.kvBytesPerToken ?? 0;
    const room = this.memoryWindow(model);
    return chooseBatch(
      {
        batches: state?.batches ?? {},
        memoryPrice: this.#policy(model).memoryPrice,
        secondsPerToken: this.#secondsPerToken(model),
        largest: room === null ? null : Math.max(0, ((room - numCtx) * perToken) / BATCH_BYTES),
      },
      Array.from({ length: BATCH_DICE }, this.#random),
    );
  }

  /** Somebody else's runner has the server's own batch, or one that is reloaded once. */
  #batchOf(model: string, window: number): number | null {
    const last = this.#started.get(model) ?? this.#readModels.machine.get(model)?.lastLoad ?? null;
    return last !== null && last.window === window ? last.numBatch : null;
  }

  #secondsPerToken(model: string): number {
    const sizing = this.#readModels.sizing.get(model);
    const units = sizing?.units ?? [];
    const tokens = units.reduce((sum, { newTokens }) => sum + newTokens, 0);
    return tokens <= 0 ? 0 : units.reduce((sum, { heldSeconds }) => sum + heldSeconds, 0) / tokens;
  }
}

/** Makes room for one more; the oldest goes. */
function bound(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (map.size >= CAPACITY && !oldest.done) map.delete(oldest.value);
}
