import type { SizingBeliefs } from './beliefs.js';
import { rungIndex } from './ladder.js';
import { ROOM_CHANCES, type DemandUnit, type SizingState } from './sizing-state.js';

/** What the next unit of demand will be, over a ladder of windows. */
export interface Demand {
  /** Chance that a unit needs exactly this rung. */
  readonly chance: Float64Array;
  /** Mean tokens of such a unit. */
  readonly newTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** Share of such units that lose their prefix when they are moved. */
  readonly direct: Float64Array;
  /** Chance that an answer of the next unit outgrows each rung although the rung seemed to hold it. */
  readonly risk: Float64Array;
  /** Seconds a runner is held from one unit to the next, and the chance that it expires before. */
  readonly seconds: number;
  readonly expiry: number;
}

/** Needs come back only roughly: each is smeared this far in log size. */
const SMEAR = 0.06;
/** Of the units not seen yet, these are of clients not seen yet, with needs of any client; the rest are larger ones of these. */
const OF_OTHERS = 0.3;
/** Needs not seen yet are spread over larger sizes by these powers. */
const LARGER_POWER = 1;
const OTHERS_POWER = 1.5;
/** Belief about the pace before it was seen, worth this many units. */
const PACE_UNITS = 2;
const PACE_EXPIRY = 0.02;

type Sums = Pick<Demand, 'chance' | 'newTokens' | 'outputTokens' | 'direct' | 'risk'>;

export function demandOf(state: SizingState, rungs: readonly number[], beliefs: SizingBeliefs): Demand {
  const empty = (): Float64Array => new Float64Array(rungs.length);
  const sums: Sums = { chance: empty(), newTokens: empty(), outputTokens: empty(), direct: empty(), risk: empty() };
  const fading = 2 ** (-1 / beliefs.demandHalfLife);
  const fades = new Map<string | null, number>();
  let mass = 0;
  let needs = 0;
  for (let index = state.units.length - 1; index >= 0; index--) {
    const unit = state.units[index]!;
    // Each template's units fade by themselves: what comes rarely is not forgotten for what comes often.
    const fade = fades.get(unit.template) ?? 1;
    fades.set(unit.template, fade * fading);
    addUnit(sums, rungs, unit, fade);
    mass += fade;
    needs += fade * Math.log(unit.needs[0]! + 1);
  }
  const { unseenUnits, needTokens } = beliefs;
  const others = mass === 0 ? 1 : OF_OTHERS;
  if (mass > 0) spreadUnseen(sums, rungs, unseenUnits * (1 - others), Math.exp(needs / mass), LARGER_POWER);
  spreadUnseen(sums, rungs, unseenUnits * others, needTokens, OTHERS_POWER);
  toMeans(sums, mass + unseenUnits);
  const { units, seconds, expiries } = state.pace;
  return {
    ...sums,
    seconds: (seconds + PACE_UNITS * beliefs.paceSeconds) / (units + PACE_UNITS),
    expiry: Math.min(0.5, (expiries + PACE_UNITS * PACE_EXPIRY) / (units + PACE_UNITS)),
  };
}

function addUnit(sums: Sums, rungs: readonly number[], unit: DemandUnit, weight: number): void {
  const loses = unit.turns > 1 ? unit.directTurns / (unit.turns - 1) : 0;
  for (const [factor, part] of [
    [1 - SMEAR, 0.25],
    [1, 0.5],
    [1 + SMEAR, 0.25],
  ] as const) {
    add(sums, rungIndex(rungs, unit.needs[0]! * factor), weight * part, unit.newTokens, unit.outputTokens, loses);
  }
  for (let level = 1; level < ROOM_CHANCES.length; level++) {
    // Between two needs the chance is the mean of theirs. Noted where it ends, less what goes on from there.
    const rung = rungIndex(rungs, unit.needs[level]!);
    sums.risk[rung] = sums.risk[rung]! + weight * (between(level) - between(level + 1));
  }
}

function between(level: number): number {
  return level < ROOM_CHANCES.length ? Math.sqrt(ROOM_CHANCES[level - 1]! * ROOM_CHANCES[level]!) : 0;
}

function spreadUnseen(sums: Sums, rungs: readonly number[], units: number, typical: number, power: number): void {
  let left = 1;
  for (let rung = 0; rung < rungs.length; rung++) {
    const window = rungs[rung]!;
    const beyond = rung === rungs.length - 1 ? 0 : Math.min(1, (typical / window) ** power);
    add(sums, rung, units * (left - beyond), window * 0.8, window * 0.1, 0);
    left = beyond;
  }
}

function add(sums: Sums, rung: number, weight: number, newTokens: number, outputTokens: number, direct: number): void {
  sums.chance[rung] = sums.chance[rung]! + weight;
  sums.newTokens[rung] = sums.newTokens[rung]! + weight * newTokens;
  sums.outputTokens[rung] = sums.outputTokens[rung]! + weight * outputTokens;
  sums.direct[rung] = sums.direct[rung]! + weight * direct;
}

function toMeans({ chance, newTokens, outputTokens, direct, risk }: Sums, mass: number): void {
  let above = 0;
  for (let rung = chance.length - 1; rung >= 0; rung--) {
    const ends = risk[rung]!;
    risk[rung] = above / mass;
    above += ends;
    const here = chance[rung]!;
    if (here === 0) continue;
    newTokens[rung] = newTokens[rung]! / here;
    outputTokens[rung] = outputTokens[rung]! / here;
    direct[rung] = direct[rung]! / here;
    chance[rung] = here / mass;
  }
}
