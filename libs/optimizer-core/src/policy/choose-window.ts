import { rungIndex } from './ladder.js';
import { situate, type Demanded, type Situation } from './price-windows.js';
import type { SizingPlan, SizingPrices } from './sizing-plan.js';
import type { SizingState } from './sizing-state.js';

export interface PricedWindow {
  /** Tokens. */
  readonly window: number;
  /** Expected seconds: of this request here, of changing to this window, and of what follows. */
  readonly seconds: number;
}

export interface Choice {
  readonly window: number;
  /** Cheapest first; the loaded window is among them. */
  readonly candidates: readonly PricedWindow[];
}

/** Two prices closer than this are the same: then nothing moves. Seconds. */
const EVEN = 0.01;
/** A prompt that is cut is answered wrongly from its first word on: twice as bad as a shift. */
const CUT_PER_SHIFT = 2;

/** The window with the least expected cost. `loaded`: the runner's, null when none is or it has expired. */
export function chooseWindow(
  state: SizingState,
  plan: SizingPlan,
  asked: Demanded,
  loaded: number | null,
  nowMs: number,
  wishes: SizingPrices,
  exactPrompt: number | null = null,
  refuses = true,
): Choice {
  const { rungs } = plan;
  const situation = situate(state, plan, asked, exactPrompt, nowMs);
  const served = situation.prompts.map(({ tokens }) => {
    const costs = new Float64Array(rungs.length);
    for (let rung = 0; rung < rungs.length; rung++) {
      const spill = plan.slower[rung]!;
      costs[rung] = serve(plan, situation, wishes, {
        tokens,
        window: rungs[rung]!,
        rung,
        spill,
        moved: loaded !== null,
      });
    }
    return costs;
  });
  const { loads } = plan;
  const lost = situation.kept * plan.prices.prefill;
  // Refused: nothing was loaded or computed, and the count is exact then.
  const refused = served.map((costs) => {
    let least = Infinity;
    for (let rung = 0; rung < rungs.length; rung++) least = Math.min(least, loads[rung]! + costs[rung]!);
    return least + (loaded === null ? 0 : lost) + (refuses ? 0 : CUT_PER_SHIFT * wishes.shiftPrice);
  });
  const likely = situation.prompts.reduce((sum, { tokens, chance }) => sum + tokens * chance, 0);
  const candidates: PricedWindow[] = [];
  for (let rung = 0; rung < rungs.length; rung++) {
    let seconds = loaded === null ? plan.evicts[rung]! : loads[rung]! + lost;
    // A load that is likely to be refused tells the exact count and nothing else: not worth its seconds.
    if (rungs[rung]! <= likely && rung < rungs.length - 1) continue;
    for (let point = 0; point < served.length; point++) {
      const here = served[point]![rung]!;
      seconds += situation.prompts[point]!.chance * (here === Infinity ? refused[point]! : here);
    }
    candidates.push({ window: rungs[rung]!, seconds });
  }
  candidates.sort((a, b) => a.seconds - b.seconds);
  if (loaded === null) return { window: candidates[0]!.window, candidates };
  const stay = { window: loaded, seconds: staying(plan, situation, wishes, loaded, refused) };
  const others = candidates.filter(({ window }) => window !== loaded);
  const best = others[0];
  const refusedHere = exactPrompt !== null && exactPrompt >= loaded;
  const stays = best === undefined || (!refusedHere && stay.seconds <= best.seconds + EVEN);
  return {
    window: stays ? loaded : best.window,
    candidates: [...others, stay].sort((a, b) => a.seconds - b.seconds),
  };
}

interface Served {
  /** The prompt's. */
  readonly tokens: number;
  readonly window: number;
  /** What follows is that of this rung. */
  readonly rung: number;
  /** By how much work is slower in the window, 0: nothing spills. */
  readonly spill: number;
  readonly moved: boolean;
}

/** Expected seconds of this prompt in this window, and of what follows; infinite when it does not fit. */
function serve(
  { prices, rungs }: SizingPlan,
  { survival, expectedOutput, later, kept }: Situation,
  { shiftPrice }: SizingPrices,
  { tokens, window, rung, spill, moved }: Served,
): number {
  const top = window === rungs[rungs.length - 1];
  if (tokens >= window && !top) return Infinity;
  const risk = top ? 0 : shiftPrice * survival(window - tokens);
  if (spill === 0) return risk + later[rung]!;
  const fresh = moved ? tokens : tokens - kept;
  return risk + spill * (fresh * prices.prefill + expectedOutput * prices.decode) + later[rung]!;
}

function staying(
  plan: SizingPlan,
  situation: Situation,
  wishes: SizingPrices,
  loaded: number,
  refused: readonly number[],
): number {
  // The loaded window may lie between two rungs: what follows it is at least what follows the one it holds.
  const above = rungIndex(plan.rungs, loaded);
  const rung = plan.rungs[above]! > loaded && above > 0 ? above - 1 : above;
  const spill = plan.prices.slowdown(loaded) - 1;
  let seconds = 0;
  for (let point = 0; point < situation.prompts.length; point++) {
    const { tokens, chance } = situation.prompts[point]!;
    const here = serve(plan, situation, wishes, { tokens, window: loaded, rung, spill, moved: false });
    seconds += chance * (here === Infinity ? refused[point]! : here);
  }
  return seconds;
}
