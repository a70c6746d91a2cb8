import type { SizingBeliefs } from './beliefs.js';
import { rungIndex } from './ladder.js';
import { habitsOf, type Conversation, type SizingState } from './sizing-state.js';

/** How far a conversation may still grow. */
export interface Growth {
  /** Chance that it outgrows each rung, if it goes on as such conversations did at this point. */
  readonly outgrows: Float64Array;
  /** Chance of any further turn, the silence since the last one not counted. */
  readonly goesOn: number;
}

/** Conversations of about this size tell most: width of the kernel in log size, and its floor. */
const SIZE_WIDTH = 0.5;
const FLOOR = 0.1;
/** What the belief about conversations is worth, in turns seen. */
const ASSUMED = 1;

/**
 * From what conversations of the same template became, seen from each of their turns. The conversation's own turns
 * count too: it has gone on after each, and became at least what it is. Without them one that grows steadily where others
 * ended early is taken by surprise at every turn, and loses its prefix.
 */
export function growthOf(
  state: SizingState,
  rungs: readonly number[],
  template: string | null,
  id: string,
  size: number,
  beliefs: SizingBeliefs,
): Growth {
  const reached = new Float64Array(rungs.length + 1);
  let mass = 0;
  let going = 0;
  let grown = 0;
  const { pause } = habitsOf(state, template);
  const usualPause = Math.max(1, pause.samples === 0 ? 120 : pause.mean) * 1e3;
  for (const other of state.conversations) {
    if (other.template !== template) continue;
    const isOwn = other.id === id;
    const last = isOwn ? size : Math.max(...other.sizes);
    // Of its own, the turn that it is seen from says nothing yet.
    const ended = isOwn ? other.sizes.lastIndexOf(size) : other.sizes.length - 1;
    for (let turn = 0; turn < other.sizes.length; turn++) {
      if (isOwn && turn === ended) continue;
      const then = other.sizes[turn]!;
      const weight = FLOOR + closeness(then, size);
      const goesOn = turn !== ended;
      // Whoever spoke lately may go on: that it has not yet says little.
      mass += goesOn ? weight : weight * (1 - 1 / (1 + (state.lastMs - other.lastMs) / usualPause) ** 2);
      if (!goesOn) continue;
      going += weight;
      const more = Math.max(0, last - then);
      grown += weight * more;
      const rung = rungIndex(rungs, size + more);
      reached[rung] = reached[rung]! + weight;
    }
  }
  const usual = going === 0 ? size * beliefs.growth : grown / going;
  const outgrows = new Float64Array(rungs.length);
  let beyond = 0;
  for (let rung = rungs.length - 1; rung >= 0; rung--) {
    beyond += reached[rung + 1] ?? 0;
    const tail = ASSUMED * beliefs.goesOn * Math.exp(-Math.max(0, rungs[rung]! - size) / Math.max(1, usual));
    outgrows[rung] = rungs[rung]! < size ? 1 : (beyond + tail) / (mass + ASSUMED);
  }
  return { outgrows, goesOn: (going + ASSUMED * beliefs.goesOn) / (mass + ASSUMED) };
}

/** 1 for equal sizes, falling with their ratio: cheaper than a Gaussian, and as good here. */
function closeness(then: number, size: number): number {
  const apart = (then - size) / (SIZE_WIDTH * Math.min(then + 16, size + 16));
  return 1 / (1 + apart * apart);
}

/** The chance of growth that is left after a silence: who is silent for long has rather ended. */
export function stillGrowing(state: SizingState, conversation: Conversation, growth: Growth, nowMs: number): number {
  const { pause } = habitsOf(state, conversation.template);
  const usual = pause.samples === 0 ? 120 : pause.mean;
  const silent = Math.max(0, (nowMs - conversation.lastMs) / 1e3);
  const waits = 1 / (1 + silent / Math.max(1, usual)) ** 2;
  return waits / (growth.goesOn * waits + 1 - growth.goesOn);
}

/** Those that may still speak, the youngest first: more than a few dozen at once are not told apart. */
export function liveConversations(state: SizingState, nowMs: number): readonly Conversation[] {
  return state.conversations.filter(({ lastMs }) => nowMs - lastMs < LIVE_MS).slice(-MAX_LIVE);
}

const LIVE_MS = 30 * 60e3;
const MAX_LIVE = 32;
