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
  start: Float64Array | null,
): Float64Array {
  const count = rungs.length;
  const go = 1 - Math.max(LEAST_EXPIRY, demand.expiry);
  const hold = Float64Array.from(rungs, (window) => prices.hold(window) * demand.seconds);
  const load = Float64Array.from(rungs, (window) => prices.load(window));
  const slower = Float64Array.from(rungs, (window) => prices.slowdown(window) - 1);
  const work = demand.newTokens.map(
    (tokens, rung) => tokens * prices.prefill + demand.outputTokens[rung]! * prices.decode,
  );
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
    const next = new Float64Array(count);
    for (let at = 0; at < count; at++) next[at] = hold[at]!;
    for (let need = 0; need < count; need++) {
      const chance = go * demand.chance[need]!;
      if (chance === 0) continue;
      let move = Infinity;
      for (let to = need; to < count; to++) {
        move = Math.min(move, load[to]! + slower[to]! * work[need]! + now[to]!);
      }
      for (let at = 0; at < count; at++) {
        const stay = at >= need ? now[at]! + slower[at]! * work[need]! : Infinity;
        next[at] = next[at]! + chance * Math.min(stay, move + (at < need ? demand.direct[need]! * prefix[at]! : 0));
      }
    }
    return next;
  }
}
