import type { Demand } from './demand.js';
import type { Prices } from './prices.js';

/** Sweeps at most; with a start from the last solution a dozen usually do. */
const SWEEPS = 80;
const ENOUGH = 1e-3;
/** Of the prefixes that a growing conversation might lose: most moves find a moment when there is none. */
const LOST = 0.3;
/** A runner that never expires by itself would have no value that ends. */
const LEAST_EXPIRY = 0.003;

/**
 * Expected seconds from here on of having each window loaded, up to the runner's next expiry: memory
 * held, and for each unit of demand the cheaper of serving it where it stands (if it fits) and moving.
 */
export function windowValues(
  rungs: readonly number[],
  demand: Demand,
  prices: Prices,
  shiftPrice: number,
  start: Float64Array | null,
): Float64Array {
  const count = rungs.length;
  const go = 1 - Math.max(LEAST_EXPIRY, demand.expiry);
  const hold = Float64Array.from(
    rungs,
    (window, rung) => prices.hold(window) * demand.seconds + go * demand.risk[rung]! * shiftPrice,
  );
  const load = Float64Array.from(rungs, (window) => prices.load(window));
  const slower = Float64Array.from(rungs, (window) => prices.slowdown(window) - 1);
  const work = demand.newTokens.map(
    (tokens, rung) => tokens * prices.prefill + demand.outputTokens[rung]! * prices.decode,
  );
  const spills = slower.some((factor) => factor > 0);
  const prefix = Float64Array.from(rungs, (window) => LOST * window * prices.prefill);
  let values: Float64Array = start?.length === count ? start.slice() : new Float64Array(count);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const next = sweepOnce(values);
    const least = Math.min(...next) - Math.min(...values);
    let change = 0;
    for (let at = 0; at < count; at++) change = Math.max(change, Math.abs(next[at]! - values[at]! - least));
    values = next;
    if (change < ENOUGH) break;
  }
  return values;

  function sweepOnce(now: Float64Array): Float64Array {
    const next = hold.slice();
    // The least of load + value among windows of at least this size, where nothing spills.
    let least = Infinity;
    for (let need = count - 1; need >= 0; need--) {
      least = Math.min(least, load[need]! + now[need]!);
      const chance = go * demand.chance[need]!;
      if (chance === 0) continue;
      let move = least;
      const spilled = work[need]!;
      if (spills) {
        move = Infinity;
        for (let to = need; to < count; to++) {
          const there = load[to]! + slower[to]! * spilled + now[to]!;
          if (there < move) move = there;
        }
      }
      const direct = demand.direct[need]!;
      for (let at = 0; at < need; at++) next[at]! += chance * (move + direct * prefix[at]!);
      for (let at = need; at < count; at++) {
        const stay = now[at]! + slower[at]! * spilled;
        next[at]! += chance * (stay < move ? stay : move);
      }
    }
    return next;
  }
}
