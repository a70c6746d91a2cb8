import type { ModelFacts } from '../runner.js';
import { DEFAULT_BELIEFS, type SizingBeliefs } from './beliefs.js';
import { UNKNOWN_HARDWARE } from './hardware.js';
import { pricesOf } from './prices.js';
import type { SizingState } from './sizing-state.js';

/** A resident runner of another model. */
export interface Neighbour {
  /** Memory that it takes where ours would lie. */
  readonly bytes: number;
  /** What it is expected to cost if it has to go: its load, by the chance that it is wanted again while it would have stayed. */
  readonly seconds: number;
}

/** A window larger than `window` tokens pushes out a runner, which costs `seconds`. */
export interface Eviction {
  readonly window: number;
  readonly seconds: number;
}

/** Beside others the server takes no more than this share of the memory that they leave. */
const FREE_SHARE = 0.8;

/**
 * Which windows push out whom. `room`: the largest window that fits when all others have gone, tokens; null: not known, and
 * then nothing is priced. `neighbours`: whom the server lets go first comes first.
 */
export function evictionsOf(
  room: number | null,
  facts: ModelFacts | null,
  neighbours: readonly Neighbour[],
): readonly Eviction[] {
  const perToken = facts?.kvBytesPerToken ?? 0;
  if (room === null || !(perToken > 0)) return [];
  const weights = facts?.weightsBytes ?? 0;
  let beside = neighbours.reduce((sum, { bytes }) => sum + bytes, 0);
  return neighbours.map(({ bytes, seconds }) => {
    const free = weights + room * perToken - beside;
    const window = Math.floor((FREE_SHARE * free - weights) / perToken);
    beside -= bytes;
    return { window, seconds };
  });
}

/** Seconds that a load in this window costs others. */
export function evictionSeconds(evictions: readonly Eviction[], window: number): number {
  return evictions.reduce((sum, one) => (window > one.window ? sum + one.seconds : sum), 0);
}

/** `state`: what is known of the other model; null: nobody has asked for it here. */
export function neighbourOf(
  state: SizingState | null,
  facts: ModelFacts | null,
  runner: { readonly window: number; readonly bytes: number },
  { memoryPrice, beliefs = DEFAULT_BELIEFS }: { readonly memoryPrice: number; readonly beliefs?: SizingBeliefs },
): Neighbour {
  const { load } = pricesOf(state?.hardware ?? UNKNOWN_HARDWARE, facts, null, memoryPrice, beliefs);
  // The last has no sequel yet.
  const followed = state?.units.slice(0, -1) ?? [];
  const wanted = followed.reduce((sum, { expired }) => sum + (expired ? 0 : 1), 0);
  return { bytes: runner.bytes, seconds: load(runner.window) * ((wanted + 1) / (followed.length + 2)) };
}
