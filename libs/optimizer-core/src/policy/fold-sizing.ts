import type { TrafficEvent, RequestCompletedV1, Taint } from '../events.js';
import { updateMean } from '../running-mean.js';
import { slide } from '../sliding.js';
import { withAnswer, type AnswerSample } from './answer-columns.js';
import { answerSurvival, tokensAt } from './answers.js';
import { learnLoad, learnMemory, learnRates } from './hardware.js';
import {
  habitsOf,
  ROOM_CHANCES,
  sizeOf,
  type Conversation,
  type DemandUnit,
  type SizingState,
  type TurnHabits,
} from './sizing-state.js';

const MAX_ANSWERS = 1024;
const MAX_UNITS = 1024;
const MAX_CONVERSATIONS = 256;
const MAX_TURNS = 16;
const MAX_HABITS = 64;
const MS = 1e3;
const NS_PER_MS = 1e6;
/** A runner without requests is let go after this long, seconds: Ollama's default. */
const KEEP_ALIVE = 300;
/** Half of what is known of the pace comes from the last this many units of demand. */
const PACE_HALF_LIFE = 600;

/** Folds one event into what is known. Events of other models change nothing. */
export function foldSizing(state: SizingState, event: TrafficEvent): SizingState {
  if (event.data.model !== state.model) return state;
  switch (event.type) {
    case 'request.optimized': {
      const hardware = learnMemory(state.hardware, event.data.runner);
      return hardware === state.hardware ? state : { ...state, hardware };
    }
    case 'request.completed':
      return foldCompletion(state, event.data);
    case 'runner.reloaded':
      if (event.data.toWindow === null) return state;
      return { ...state, hardware: learnLoad(state.hardware, event.data.toWindow, event.data.loadNs) };
    default:
      return state;
  }
}

function foldCompletion(state: SizingState, done: RequestCompletedV1): SizingState {
  const { promptTokens } = done;
  if (done.taints.some(spoils) || done.taints.includes('preload')) return state;
  // One number that is none would spoil every sum that it goes into.
  const sound = Number.isFinite((promptTokens ?? 0) + (done.outputTokens ?? 0) + done.atMs + (done.totalNs ?? 0));
  if (promptTokens === null || promptTokens <= 0 || !sound) return state;
  const conversation = done.conversation ?? null;
  const before = conversation === null ? undefined : state.conversations.find(({ id }) => id === conversation);
  const answer: AnswerSample = {
    template: done.templateId,
    prompt: promptTokens,
    output: done.outputTokens ?? 0,
    increment: before === undefined ? null : promptTokens - sizeOf(before),
    // One that outgrew its window is no normal answer, but needs at least this much.
    limited: done.doneReason === 'length' || done.taints.includes('shifted'),
  };
  const startMs = done.atMs - (done.totalNs ?? 0) / NS_PER_MS;
  const gap = state.lastMs === 0 ? 0 : Math.max(0, (startMs - state.lastMs) / MS);
  const timed = {
    ...state,
    answers: withAnswer(state.answers, answer, MAX_ANSWERS),
    hardware: learnFrom(state, done, answer),
    units: countUnit(withSilence(state, gap), answer, conversation, done.cachedTokens ?? 0),
    pace: keepPace(state, gap, before === undefined),
    lastConversation: conversation,
    lastMs: Math.max(state.lastMs, done.atMs),
  };
  if (conversation === null) return timed;
  const turned = before === undefined ? timed : { ...timed, habits: learnHabits(state, before, startMs) };
  return { ...turned, conversations: converse(state, before, conversation, answer, done.atMs) };
}

function learnFrom(state: SizingState, done: RequestCompletedV1, { prompt, output }: AnswerSample) {
  if (done.window === null) return state.hardware;
  const newTokens = done.cachedTokens === null ? null : prompt - done.cachedTokens;
  const { window, promptEvalNs, evalNs } = done;
  return learnRates(state.hardware, { window, newTokens, promptEvalNs, outputTokens: output, evalNs });
}

function countUnit(
  state: SizingState,
  { template, prompt, output }: AnswerSample,
  conversation: string | null,
  cached: number,
): readonly DemandUnit[] {
  const survival = answerSurvival(state.answers, template, prompt, null);
  const few = state.answers.length < 8;
  const needs = ROOM_CHANCES.map((chance) => {
    const room = few ? output : tokensAt(survival, chance, 32 * output + 8192);
    return prompt + Math.max(output, room);
  });
  const index = conversation === null ? -1 : state.units.findLastIndex((unit) => unit.conversation === conversation);
  if (index < 0) {
    const work = { newTokens: prompt - cached, outputTokens: output };
    const unit = { conversation, template, needs, ...work, turns: 1, directTurns: 0, heldSeconds: 0, expired: false };
    return slide(state.units, unit, MAX_UNITS);
  }
  const unit = state.units[index]!;
  const grown: DemandUnit = {
    ...unit,
    needs: unit.needs.map((known, level) => Math.max(known, needs[level]!)),
    newTokens: unit.newTokens + prompt - cached,
    outputTokens: unit.outputTokens + output,
    turns: unit.turns + 1,
    directTurns: unit.directTurns + (state.lastConversation === conversation ? 1 : 0),
  };
  return state.units.with(index, grown);
}

function keepPace({ pace }: SizingState, gap: number, opens: boolean): SizingState['pace'] {
  const kept = opens ? 2 ** (-1 / PACE_HALF_LIFE) : 1;
  return {
    units: pace.units * kept + (opens ? 1 : 0),
    seconds: pace.seconds * kept + Math.min(gap, KEEP_ALIVE),
    expiries: pace.expiries * kept + (gap > KEEP_ALIVE ? 1 : 0),
  };
}

/** The silence before a request counts for the unit that began last: what follows such units is learnt from it. */
function withSilence(state: SizingState, gap: number): SizingState {
  const last = state.units.at(-1);
  if (last === undefined || gap === 0) return state;
  const { heldSeconds, expired } = last;
  const held = { heldSeconds: heldSeconds + Math.min(gap, KEEP_ALIVE), expired: expired || gap > KEEP_ALIVE };
  return { ...state, units: state.units.with(-1, { ...last, ...held }) };
}

function learnHabits(state: SizingState, before: Conversation, startMs: number): SizingState['habits'] {
  const key = before.template ?? '';
  const { pause, direct } = habitsOf(state, before.template);
  const habits: TurnHabits = {
    pause: updateMean(pause, Math.max(0, (startMs - before.lastMs) / MS)),
    direct: updateMean(direct, state.lastConversation === before.id ? 1 : 0),
  };
  const entries = Object.entries(state.habits).filter(([name]) => name !== key);
  return Object.fromEntries([...entries, [key, habits] as const].slice(-MAX_HABITS));
}

function converse(
  state: SizingState,
  before: Conversation | undefined,
  id: string,
  { template, prompt, output }: AnswerSample,
  lastMs: number,
): readonly Conversation[] {
  const all = [...(before?.sizes ?? []), prompt + output];
  const sizes = all.slice(-MAX_TURNS);
  const now = { id, template, sizes, earlier: (before?.earlier ?? 0) + all.length - sizes.length, lastMs };
  return slide(
    state.conversations.filter((conversation) => conversation !== before),
    now,
    MAX_CONVERSATIONS,
  );
}

/** An answer that was stopped or outgrew its window leaves the prompt's count true. */
function spoils(taint: Taint): boolean {
  return taint !== 'length' && taint !== 'shifted' && taint !== 'preload';
}
