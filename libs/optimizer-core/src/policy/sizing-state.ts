import { EMPTY_MEAN } from '../running-mean.js';
import type { RunningMean } from '../statistics.js';
import type { AnswerSample } from './answer-columns.js';
import { UNKNOWN_HARDWARE, type HardwareKnowledge } from './hardware.js';

/** What one arrival of demand needed: a conversation over all its turns, or a single request. */
export interface DemandUnit {
  readonly conversation: string | null;
  readonly template: string | null;
  /** Tokens: the largest prompt of all turns so far, with room for answers that exceed it with each of `ROOM_CHANCES`. */
  readonly needs: readonly number[];
  /** Work of the unit: prompt tokens that were not cached, and answer tokens. */
  readonly newTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
  /** Turns that came right after the conversation's last one: a reload throws their prefix away. */
  readonly directTurns: number;
  /** From its beginning until the next unit's: seconds that the runner was idle and held, and whether it expired. */
  readonly heldSeconds: number;
  readonly expired: boolean;
}

/** The first is where a move is the better choice; beyond it an answer may still outgrow its window. */
export const ROOM_CHANCES = [0.06, 0.02, 0.006, 0.002, 0.0006] as const;

export interface Conversation {
  readonly id: string;
  readonly template: string | null;
  /** Prompt + answer after each turn, tokens, oldest first; of long ones the first turns are forgotten. */
  readonly sizes: readonly number[];
  /** Turns forgotten before `sizes`. */
  readonly earlier: number;
  readonly lastMs: number;
}

/** How the turns of a template's conversations follow each other. */
export interface TurnHabits {
  /** Seconds between the end of an answer and the next turn. */
  readonly pause: RunningMean;
  /** 1: the turn came right after the conversation's last one, 0: others came between. */
  readonly direct: RunningMean;
}

/** Everything the policy knows of one model's traffic and machine: a fold over its events, bounded, plain data. */
export interface SizingState {
  readonly model: string;
  readonly answers: readonly AnswerSample[];
  readonly units: readonly DemandUnit[];
  /** Seen lately, the one that spoke last at the end. */
  readonly conversations: readonly Conversation[];
  readonly habits: Readonly<Record<string, TurnHabits>>;
  readonly hardware: HardwareKnowledge;
  /** Sums that fade with each unit of demand: units, seconds a runner was held between them, expiries. */
  readonly pace: { readonly units: number; readonly seconds: number; readonly expiries: number };
  /** Conversation of the last answer: only its next turn finds its prefix where it was. */
  readonly lastConversation: string | null;
  readonly lastMs: number;
}

export const NO_HABITS: TurnHabits = Object.freeze({
  pause: EMPTY_MEAN,
  direct: EMPTY_MEAN,
});

export function emptySizingState(model: string): SizingState {
  return {
    model,
    answers: [],
    units: [],
    conversations: [],
    habits: {},
    hardware: UNKNOWN_HARDWARE,
    pace: { units: 0, seconds: 0, expiries: 0 },
    lastConversation: null,
    lastMs: 0,
  };
}

export function habitsOf(state: SizingState, template: string | null): TurnHabits {
  return state.habits[template ?? ''] ?? NO_HABITS;
}

/** Tokens of the conversation after its last turn. */
export function sizeOf(conversation: Conversation): number {
  return conversation.sizes.at(-1) ?? 0;
}
