import type { SizingBeliefs } from './beliefs.js';
import { rungIndex } from './ladder.js';
import type { SizingState } from './sizing-state.js';

/** What the next unit of demand will be, over a ladder of windows. */
export interface Demand {
  /** Chance that a unit needs exactly this rung. */
  readonly chance: Float64Array;
  /** Mean tokens of such a unit. */
  readonly newTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** Share of such units that lose their prefix when they are moved. */
  readonly direct: Float64Array;
  /** Seconds a runner is held from one unit to the next, and the chance that it expires before. */
  readonly seconds: number;
  readonly expiry: number;
}

/** Needs come back only roughly: each is smeared this far in log size. */
const SMEAR = 0.06;
/** Needs not seen yet are spread over larger sizes by this power. */
const UNSEEN_POWER = 1;
/** Belief about the pace before it was seen, worth this many units. */
const PACE_UNITS = 2;
const PACE_EXPIRY = 0.02;

export function demandOf(state: SizingState, rungs: readonly number[], beliefs: SizingBeliefs): Demand {
  const fading = 2 ** (-1 / beliefs.demandHalfLife);
  const chance = new Float64Array(rungs.length);
  const newTokens = new Float64Array(rungs.length);
  const outputTokens = new Float64Array(rungs.length);
  const direct = new Float64Array(rungs.length);
  let fade = 1;
  let mass = 0;
  let needs = 0;
  for (let index = state.units.length - 1; index >= 0; index--, fade *= fading) {
    const unit = state.units[index]!;
    const loses = unit.turns > 1 ? unit.directTurns / (unit.turns - 1) : 0;
    for (const [factor, part] of [
      [1 - SMEAR, 0.25],
      [1, 0.5],
      [1 + SMEAR, 0.25],
    ] as const) {
      const rung = rungIndex(rungs, unit.need * factor);
      chance[rung] = chance[rung]! + fade * part;
      newTokens[rung] = newTokens[rung]! + fade * part * unit.newTokens;
      outputTokens[rung] = outputTokens[rung]! + fade * part * unit.outputTokens;
      direct[rung] = direct[rung]! + fade * part * loses;
    }
    mass += fade;
    needs += fade * Math.log(unit.need + 1);
  }
  const typical = mass === 0 ? beliefs.needTokens : Math.exp(needs / mass);
  spreadUnseen(rungs, beliefs.unseenUnits, typical, chance, newTokens, outputTokens);
  for (let rung = 0; rung < rungs.length; rung++) {
    const here = chance[rung]!;
    if (here === 0) continue;
    newTokens[rung] = newTokens[rung]! / here;
    outputTokens[rung] = outputTokens[rung]! / chance[rung]!;
    direct[rung] = direct[rung]! / chance[rung]!;
    chance[rung] = chance[rung]! / (mass + beliefs.unseenUnits);
  }
  const { units, seconds, expiries } = state.pace;
  return {
    chance,
    newTokens,
    outputTokens,
    direct,
    seconds: (seconds + PACE_UNITS * beliefs.paceSeconds) / (units + PACE_UNITS),
    expiry: Math.min(0.5, (expiries + PACE_UNITS * PACE_EXPIRY) / (units + PACE_UNITS)),
  };
}

function spreadUnseen(
  rungs: readonly number[],
  units: number,
  typical: number,
  chance: Float64Array,
  newTokens: Float64Array,
  outputTokens: Float64Array,
): void {
  let left = 1;
  for (let rung = 0; rung < rungs.length; rung++) {
    const beyond = rung === rungs.length - 1 ? 0 : Math.min(1, (typical / rungs[rung]!) ** UNSEEN_POWER);
    const here = units * (left - beyond);
    chance[rung] = chance[rung]! + here;
    newTokens[rung] = newTokens[rung]! + here * rungs[rung]! * 0.8;
    outputTokens[rung] = outputTokens[rung]! + here * rungs[rung]! * 0.1;
    left = beyond;
  }
}
