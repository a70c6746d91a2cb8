import type { SizingBeliefs } from './beliefs.js';
import { addFollowed, addUnit, emptySums, spreadUnseen, toMeans, type DemandSums } from './demand-sums.js';
import type { DemandUnit, SizingState } from './sizing-state.js';

/** What the units of one template need, over a ladder of windows. */
export interface DemandClass {
  /** Chance that a unit needs exactly this rung. */
  readonly chance: Float64Array;
  /** Mean tokens of such a unit. */
  readonly newTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** Share of such units that lose their prefix when they are moved. */
  readonly direct: Float64Array;
  /** Chance that an answer of the next unit outgrows each rung although the rung seemed to hold it. */
  readonly risk: Float64Array;
  /** After a unit of this class: seconds the runner is held until the next, and the chance that it expires before. */
  readonly seconds: number;
  readonly expiry: number;
  /** Chances of the next unit's class, when the runner has not expired. */
  readonly next: Float64Array;
}

export interface Demand {
  /** The first stands for templates not told apart, and clients not seen yet. */
  readonly classes: readonly DemandClass[];
  readonly classOf: ReadonlyMap<string | null, number>;
}

/**
 * Of `unseenUnits`: what each template's own larger ones count, and those of clients not seen yet, with needs of any
 * client. Before any was seen those count whole.
 */
const OF_OWN = 1.5;
const OF_OTHERS = 0.3;
/** Needs not seen yet are spread over larger sizes by these powers. */
const LARGER_POWER = 1;
const OTHERS_POWER = 1.5;
/** Belief about the pace before it was seen, worth this many units. */
const PACE_UNITS = 2;
const PACE_EXPIRY = 0.02;
const MOST_EXPIRY = 0.9;
/** Templates told apart at most: the value of a window is solved for each. */
const MAX_CLASSES = 6;
/** What is believed of who follows whom, in units: that everybody comes as often after each. */
const FOLLOW_UNITS = 3;

export function demandOf(state: SizingState, rungs: readonly number[], beliefs: SizingBeliefs): Demand {
  const classOf = classesOf(state.units, beliefs);
  const sums = sumsOf(state.units, rungs, classOf, beliefs);
  const { unseenUnits, needTokens, paceSeconds } = beliefs;
  const total = (of: (one: DemandSums) => number): number => sums.reduce((all, one) => all + of(one), 0);
  const mass = total((one) => one.mass);
  const ended = total((one) => one.ended);
  const unseen = unseenUnits * (mass === 0 ? 1 : OF_OTHERS);
  const shares = sums.map((one, at) => (one.mass + (at === 0 ? unseen : 0)) / (mass + unseen));
  const seconds = (total((one) => one.seconds) + PACE_UNITS * paceSeconds) / (ended + PACE_UNITS);
  const expiry = (total((one) => one.expiries) + PACE_UNITS * PACE_EXPIRY) / (ended + PACE_UNITS);
  const classes = sums.map((one, at): DemandClass => {
    const others = at === 0 ? unseen : 0;
    const larger = one.mass === 0 ? 0 : unseenUnits * OF_OWN;
    if (larger > 0) spreadUnseen(one, rungs, larger, Math.exp(one.needs / one.mass), LARGER_POWER);
    if (others > 0) spreadUnseen(one, rungs, others, needTokens, OTHERS_POWER);
    toMeans(one, one.mass + larger + others);
    const followed = one.ended - one.expiries + FOLLOW_UNITS;
    return {
      ...one,
      seconds: (one.seconds + FOLLOW_UNITS * seconds) / (one.ended + FOLLOW_UNITS),
      expiry: Math.min(MOST_EXPIRY, (one.expiries + FOLLOW_UNITS * expiry) / (one.ended + FOLLOW_UNITS)),
      next: Float64Array.from(shares, (share, to) => (one.follows[to]! + FOLLOW_UNITS * share) / followed),
    };
  });
  return { classes, classOf };
}

function sumsOf(
  units: readonly DemandUnit[],
  rungs: readonly number[],
  classOf: Demand['classOf'],
  { demandHalfLife }: SizingBeliefs,
): readonly DemandSums[] {
  const count = 1 + classOf.size;
  const sums = Array.from({ length: count }, () => emptySums(rungs.length, count));
  const fading = 2 ** (-1 / demandHalfLife);
  const fades = new Map<string | null, number>();
  let next: number | null = null;
  for (let index = units.length - 1; index >= 0; index--) {
    const unit = units[index]!;
    // Each template's units fade by themselves: what comes rarely is not forgotten for what comes often.
    const fade = fades.get(unit.template) ?? 1;
    fades.set(unit.template, fade * fading);
    const at = classOf.get(unit.template) ?? 0;
    addUnit(sums[at]!, rungs, unit, fade);
    if (next !== null) addFollowed(sums[at]!, unit, next, fade);
    next = at;
  }
  return sums;
}

/** The templates that come most, each a class of its own. */
function classesOf(units: readonly DemandUnit[], { demandHalfLife }: SizingBeliefs): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  units.forEach(({ template }, index) => {
    const fade = 2 ** (-(units.length - 1 - index) / demandHalfLife);
    counts.set(template, (counts.get(template) ?? 0) + fade);
  });
  const most = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MAX_CLASSES);
  return new Map(most.map(([template], rank) => [template, rank + 1]));
}
