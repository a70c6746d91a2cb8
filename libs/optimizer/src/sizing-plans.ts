import {
  solve,
  type Eviction,
  type ModelFacts,
  type PolicyParameters,
  type SizingPlan,
  type SizingState,
} from '@rightsize/optimizer-core';
import type { Clock } from './clock.js';
import type { ReadModels } from './projections/read-models.js';

/** Completions after which the value of windows is solved anew: the bench of the policy does the same. */
const SOLVE_EVERY = 3;

/** Completions are folded some 100 ms after they were recorded; a plan should know of them. */
const FOLDED_MS = 250;

/** Model names come from clients. */
const CAPACITY = 256;

/** What is known of a model on this machine, asked anew for each plan. */
interface Look {
  readonly facts: (model: string) => ModelFacts | null;
  readonly memoryWindow: (model: string) => number | null;
  readonly evictions: (model: string) => readonly Eviction[];
}

interface Planned {
  plan: SizingPlan | null;
  /** What the last priced decision knew. */
  pricedWith: SizingState | null;
  completions: number;
  timer: NodeJS.Timeout | null;
}

/** What is costly to compute for a decision, solved beside the requests, in one to two milliseconds a model. */
export class SizingPlans {
  readonly #readModels: ReadModels;
  readonly #clock: Clock;
  readonly #policy: (model: string) => PolicyParameters;
  readonly #look: Look;
  readonly #planned = new Map<string, Planned>();
  #stopped = false;

  constructor(readModels: ReadModels, clock: Clock, policy: (model: string) => PolicyParameters, look: Look) {
    this.#readModels = readModels;
    this.#clock = clock;
    this.#policy = policy;
    this.#look = look;
  }

  /** Null until something was learnt of the model. With `fresh` it is solved at once: a load is about to cost seconds anyway. */
  plan(model: string, fresh: boolean): SizingPlan | null {
    const planned = this.#planned.get(model) ?? this.#add(model);
    if (fresh || planned.plan === null) this.#solve(model, planned);
    return planned.plan;
  }

  /** Whether something was learnt since this was last asked for the model. */
  isNew(model: string, state: SizingState): boolean {
    const planned = this.#planned.get(model);
    if (!planned || planned.pricedWith === state) return false;
    planned.pricedWith = state;
    return true;
  }

  /** A request of the model was completed. */
  completed(model: string): void {
    const planned = this.#planned.get(model);
    if (!planned || this.#stopped) return;
    planned.completions += 1;
    if (planned.completions < SOLVE_EVERY || planned.timer) return;
    this.#solveSoon(model, planned, FOLDED_MS);
  }

  /** What they rest on has changed beside the traffic. */
  solveAnew(): void {
    for (const [model, planned] of this.#planned) this.#solveSoon(model, planned, 0);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#planned.values()) if (timer) clearTimeout(timer);
  }

  #solveSoon(model: string, planned: Planned, inMs: number): void {
    if (this.#stopped) return;
    if (planned.timer) clearTimeout(planned.timer);
    planned.timer = setTimeout(() => {
      planned.timer = null;
      planned.completions = 0;
      this.#solve(model, planned);
    }, inMs);
    planned.timer.unref();
  }

  #solve(model: string, planned: Planned): void {
    const state = this.#readModels.sizing.get(model);
    if (state === null) return;
    const facts = this.#look.facts(model);
    planned.plan = solve(
      state,
      this.#clock.nowMs(),
      facts,
      this.#policy(model),
      this.#look.memoryWindow(model),
      planned.plan,
      null,
      this.#look.evictions(model),
    );
  }

  #add(model: string): Planned {
    const oldest = this.#planned.keys().next();
    if (this.#planned.size >= CAPACITY && !oldest.done) this.#planned.delete(oldest.value);
    const planned: Planned = { plan: null, pricedWith: null, completions: 0, timer: null };
    this.#planned.set(model, planned);
    return planned;
  }
}
