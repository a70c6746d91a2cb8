import { DEFAULT_BELIEFS, type SizingBeliefs } from './beliefs.js';
import { demandOf, type Demand } from './demand.js';
import { evictionSeconds, type Eviction } from './evictions.js';
import { growthOf, liveConversations, type Growth } from './growth.js';
import { ladder } from './ladder.js';
import { pricesOf, type Prices } from './prices.js';
import type { ModelFacts } from '../runner.js';
import { habitsOf, sizeOf, type Conversation, type SizingState } from './sizing-state.js';
import { windowValues } from './window-values.js';

/** What is costly to compute, solved beside the requests; decisions look it up. */
export interface SizingPlan {
  readonly rungs: readonly number[];
  /** Expected seconds from here on with each rung loaded (window-values.ts). */
  readonly values: Float64Array;
  readonly demand: Demand;
  readonly prices: Prices;
  /** Of each rung: seconds of a load, and by how much work is slower there. */
  readonly loads: Float64Array;
  readonly slower: Float64Array;
  /** Part of those loads: what they cost other models, whose runners have to go. Due even where a load is free. */
  readonly evicts: Float64Array;
  readonly live: readonly LiveConversation[];
  /** Of the policy it was solved for. */
  readonly beliefs: SizingBeliefs;
}

export interface LiveConversation {
  readonly conversation: Conversation;
  readonly growth: Growth;
  /** Chance that its next turn comes right after its last. */
  readonly direct: number;
}

/** What is wished for rather than learnt: part of the policy's parameters. */
export interface SizingPrices {
  /** Seconds that a GiB of memory held for an hour is worth. */
  readonly memoryPrice: number;
  /** Seconds that an answer which outgrows its window costs: it loses its beginning. */
  readonly shiftPrice: number;
  /** Absent: the default ones. */
  readonly beliefs?: SizingBeliefs;
}

/** Windows beyond this are not considered where the trained context is unknown, tokens. */
const UNKNOWN_CONTEXT = 131_072;

/**
 * Some milliseconds of work, bounded. `last` is the last plan: most of it still holds. `told`: prices that need no learning.
 * `evictions`: which windows push out other models' runners.
 */
export function solve(
  state: SizingState,
  nowMs: number,
  facts: ModelFacts | null,
  { memoryPrice, shiftPrice, beliefs = DEFAULT_BELIEFS }: SizingPrices,
  memoryWindow: number | null,
  last: SizingPlan | null,
  told: Prices | null = null,
  evictions: readonly Eviction[] = [],
): SizingPlan {
  // Nothing that another policy believed may go on living.
  const before = last?.beliefs === beliefs ? last : null;
  const top = facts?.trainedContext ?? UNKNOWN_CONTEXT;
  const rungs = before !== null && before.rungs.at(-1) === top ? before.rungs : ladder(top, beliefs.ladderStep);
  const alone = told ?? pricesOf(state.hardware, facts, memoryWindow, memoryPrice, beliefs);
  const evicts = Float64Array.from(rungs, (window) => evictionSeconds(evictions, window));
  const load = (window: number): number => alone.load(window) + evictionSeconds(evictions, window);
  const prices = evictions.length === 0 ? alone : { ...alone, load };
  const demand = demandOf(state, rungs, beliefs);
  const values = windowValues(rungs, demand, prices, shiftPrice, before?.values ?? null);
  const live = liveConversations(state, nowMs).map((conversation) => {
    const known = before?.live.find((other) => other.conversation === conversation);
    return known ?? liveOf(state, rungs, conversation, beliefs);
  });
  const loads = Float64Array.from(rungs, prices.load);
  const slower = Float64Array.from(rungs, (window) => prices.slowdown(window) - 1);
  return { rungs, values, demand, prices, loads, slower, evicts, live, beliefs };
}

export function liveOf(
  state: SizingState,
  rungs: readonly number[],
  conversation: Conversation,
  beliefs: SizingBeliefs,
): LiveConversation {
  const { direct } = habitsOf(state, conversation.template);
  return {
    conversation,
    growth: growthOf(state, rungs, conversation.template, conversation.id, sizeOf(conversation), beliefs),
    direct: (direct.samples * direct.mean + 0.5) / (direct.samples + 1),
  };
}
