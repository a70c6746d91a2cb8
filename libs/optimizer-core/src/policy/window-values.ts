import type { Demand, DemandClass } from './demand.js';
import type { Prices } from './prices.js';

/** Sweeps at most; with a start from the last solution a dozen usually do. */
const SWEEPS = 80;
const ENOUGH = 1e-3;
/** Of the prefixes that a growing conversation might lose: most moves find a moment when there is none. */
const LOST = 0.3;
/** A runner that never expires by itself would have no value that ends. */
const LEAST_EXPIRY = 0.003;

/**
 * Expected seconds from here on of having each window loaded, up to the runner's next expiry, after a request of each
 * class: memory held, and for each unit of demand the cheaper of serving it where it stands (if it fits) and moving.
 */
export function windowValues(
  rungs: readonly number[],
  { classes }: Demand,
  prices: Prices,
  shiftPrice: number,
  start: readonly Float64Array[] | null,
): readonly Float64Array[] {
  const count = rungs.length;
  const hold = Float64Array.from(rungs, prices.hold);
  const load = Float64Array.from(rungs, prices.load);
  const slower = Float64Array.from(rungs, (window) => prices.slowdown(window) - 1);
  const spills = slower.some((factor) => factor > 0);
  const prefix = Float64Array.from(rungs, (window) => LOST * window * prices.prefill);
  const work = classes.map(({ newTokens, outputTokens }) =>
    newTokens.map((tokens, rung) => tokens * prices.prefill + outputTokens[rung]! * prices.decode),
  );
  let values = classes.map((_, at) => {
    const before = start?.[at];
    return before?.length === count ? before : new Float64Array(count);
  });
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const next = sweepOnce(values);
    let change = 0;
    next.forEach((after, at) => {
      const before = values[at]!;
      const least = Math.min(...after) - Math.min(...before);
      for (let rung = 0; rung < count; rung++) {
        change = Math.max(change, Math.abs(after[rung]! - before[rung]! - least));
      }
    });
    values = next;
    if (change < ENOUGH) break;
  }
  return values;

  function sweepOnce(now: readonly Float64Array[]): Float64Array[] {
    const costs = classes.map((one, at) => unitCosts(one, now[at]!, work[at]!));
    return classes.map(({ seconds, expiry, next }) => {
      const go = 1 - Math.max(LEAST_EXPIRY, expiry);
      const value = hold.map((price) => price * seconds);
      for (let to = 0; to < classes.length; to++) {
        const chance = go * next[to]!;
        if (chance === 0) continue;
        const cost = costs[to]!;
        for (let rung = 0; rung < count; rung++) value[rung] = value[rung]! + chance * cost[rung]!;
      }
      return value;
    });
  }

  /** Of serving a unit of one class from each window, and of what follows it. */
  function unitCosts(one: DemandClass, now: Float64Array, works: Float64Array): Float64Array {
    const { chance, direct, risk } = one;
    const costs = risk.map((outgrown) => outgrown * shiftPrice);
    const moves = movesFrom(now, works);
    // Of the units that outgrow a window: the chance, and what moving costs them.
    let outgrow = 0;
    let moved = 0;
    for (let at = count - 1; at >= 0; at--) {
      costs[at]! += moved + outgrow * prefix[at]!;
      outgrow += chance[at]! * direct[at]!;
      moved += chance[at]! * moves[at]!;
    }
    // Of those that fit, the small ones move where that costs less than to stay: moves rise with needs, or nearly so.
    let fit = 0;
    for (let at = 0; at < count; at++) {
      fit += chance[at]!;
      const stay = now[at]!;
      if (slower[at] === 0) {
        let below = 0;
        let left = fit;
        for (let need = 0; need <= at && moves[need]! < stay; need++) {
          below += chance[need]! * moves[need]!;
          left -= chance[need]!;
        }
        costs[at]! += below + left * stay;
        continue;
      }
      for (let need = 0; need <= at; need++) {
        const stays = stay + slower[at]! * works[need]!;
        costs[at]! += chance[need]! * (stays < moves[need]! ? stays : moves[need]!);
      }
    }
    return costs;
  }

  /** The least that a move costs to where a need fits. */
  function movesFrom(now: Float64Array, works: Float64Array): Float64Array {
    const moves = new Float64Array(count);
    // Where nothing spills that is the least of all windows of at least this size.
    let least = Infinity;
    for (let need = count - 1; need >= 0; need--) {
      least = Math.min(least, load[need]! + now[need]!);
      moves[need] = least;
      if (!spills) continue;
      const spilled = works[need]!;
      let move = Infinity;
      for (let to = need; to < count; to++) {
        const there = load[to]! + slower[to]! * spilled + now[to]!;
        if (there < move) move = there;
      }
      moves[need] = move;
    }
    return moves;
  }
}
