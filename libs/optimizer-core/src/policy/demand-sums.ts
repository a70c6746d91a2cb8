import { rungIndex } from './ladder.js';
import { ROOM_CHANCES, type DemandUnit } from './sizing-state.js';

/** Needs come back only roughly: each is smeared this far in log size. */
const SMEAR = 0.06;
/** Sums over the units of one template, each weighed by how recent it is. */
export interface DemandSums {
  readonly chance: Float64Array;
  readonly newTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly direct: Float64Array;
  readonly risk: Float64Array;
  /** Weight of all, and of the logarithms of their needs. */
  mass: number;
  needs: number;
  seconds: number;
  expiries: number;
  /** Weight of those whose sequel is known. */
  ended: number;
  /** By the class of the next unit, where the runner had not expired. */
  readonly follows: Float64Array;
}

export function emptySums(rungs: number, classes: number): DemandSums {
  const empty = (): Float64Array => new Float64Array(rungs);
  const needs = { chance: empty(), newTokens: empty(), outputTokens: empty(), direct: empty(), risk: empty() };
  return { ...needs, mass: 0, needs: 0, seconds: 0, expiries: 0, ended: 0, follows: new Float64Array(classes) };
}

export function addUnit(sums: DemandSums, rungs: readonly number[], unit: DemandUnit, weight: number): void {
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
  sums.mass += weight;
  sums.needs += weight * Math.log(unit.needs[0]! + 1);
}

/** What came after a unit: the next one's class, or nobody before the runner expired. */
export function addFollowed(sums: DemandSums, unit: DemandUnit, next: number, weight: number): void {
  sums.ended += weight;
  sums.seconds += weight * unit.heldSeconds;
  if (unit.expired) sums.expiries += weight;
  else sums.follows[next] = sums.follows[next]! + weight;
}

function between(level: number): number {
  return level < ROOM_CHANCES.length ? Math.sqrt(ROOM_CHANCES[level - 1]! * ROOM_CHANCES[level]!) : 0;
}

export function spreadUnseen(
  sums: DemandSums,
  rungs: readonly number[],
  units: number,
  typical: number,
  power: number,
): void {
  let left = 1;
  for (let rung = 0; rung < rungs.length; rung++) {
    const window = rungs[rung]!;
    const beyond = rung === rungs.length - 1 ? 0 : Math.min(1, (typical / window) ** power);
    add(sums, rung, units * (left - beyond), window * 0.8, window * 0.1, 0);
    left = beyond;
  }
}

function add(
  sums: DemandSums,
  rung: number,
  weight: number,
  newTokens: number,
  outputTokens: number,
  direct: number,
): void {
  sums.chance[rung] = sums.chance[rung]! + weight;
  sums.newTokens[rung] = sums.newTokens[rung]! + weight * newTokens;
  sums.outputTokens[rung] = sums.outputTokens[rung]! + weight * outputTokens;
  sums.direct[rung] = sums.direct[rung]! + weight * direct;
}

export function toMeans({ chance, newTokens, outputTokens, direct, risk }: DemandSums, mass: number): void {
  if (mass === 0) return;
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
