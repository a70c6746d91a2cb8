/** Seconds of a replay beyond what no policy could have saved, by what they went into. */
export interface CostByComponent {
  /** Starting runners for another window. */
  readonly load: number;
  /** Evaluating again what a load threw away. */
  readonly prefix: number;
  /** Running partly on the CPU. */
  readonly spill: number;
  /** The price of memory held. */
  readonly hold: number;
  /** The price of prompts cut and answers that outgrew their window. */
  readonly short: number;
}

export const COST_COMPONENTS = ['load', 'prefix', 'spill', 'hold', 'short'] as const;

/** `unknown`: too few sessions to tell. `same`: no difference beyond noise. */
export type Verdict = 'better' | 'worse' | 'same' | 'unknown';

/** Two policies replayed over the same requests, none of which either was trained on. */
export interface PolicyComparison {
  readonly requests: number;
  /** Stretches of traffic that were resampled as wholes. */
  readonly sessions: number;
  readonly active: CostByComponent;
  readonly candidate: CostByComponent;
  /** Candidate minus active, seconds: below zero is better. */
  readonly difference: number;
  /** Of the difference, 95 %. */
  readonly interval: readonly [low: number, high: number];
  readonly verdict: Verdict;
}

export const NO_COST: CostByComponent = Object.freeze({ load: 0, prefix: 0, spill: 0, hold: 0, short: 0 });

export function addCosts(one: CostByComponent, other: CostByComponent): CostByComponent {
  return {
    load: one.load + other.load,
    prefix: one.prefix + other.prefix,
    spill: one.spill + other.spill,
    hold: one.hold + other.hold,
    short: one.short + other.short,
  };
}

export function totalCost(cost: CostByComponent): number {
  return COST_COMPONENTS.reduce((sum, component) => sum + cost[component], 0);
}
