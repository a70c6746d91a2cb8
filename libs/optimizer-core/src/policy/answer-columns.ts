import { slide } from '../sliding.js';

/** One answer that was seen. */
export interface AnswerSample {
  readonly template: string | null;
  readonly prompt: number;
  readonly output: number;
  /** What a later turn added to the conversation's size before it, tokens; null: a first or only turn. */
  readonly increment: number | null;
  /** A limit ended it: it would have been at least this long. */
  readonly limited: boolean;
}

/** Lengths are counted in steps of 10 %, each taken for its upper end. */
const STEP = Math.log(1.1);
export const BINS = 128;

/** Answers seen, oldest first, as columns with the logs that every question about them needs. */
export interface AnswerColumns {
  /** Number of the template of each: `templateOf` knows it. */
  readonly templates: Int32Array;
  readonly templateOf: Map<string | null, number>;
  readonly logPrompts: Float64Array;
  /** Lengths in steps of 10 %. */
  readonly lengths: Float64Array;
  /** The bins that these lie in. */
  readonly bins: Uint8Array;
  readonly limited: Uint8Array;
  readonly space: Space;
  /** Where the newest ends there. */
  readonly end: number;
}

/** Room for answers to come, shared by the columns of successive states: each sees its own part of it. */
interface Space {
  readonly templates: Int32Array;
  readonly templateOf: Map<string | null, number>;
  readonly logPrompts: Float64Array;
  readonly lengths: Float64Array;
  readonly bins: Uint8Array;
  readonly limited: Uint8Array;
  used: number;
}

/** Answers that are added before columns are made anew. */
const ROOM = 1024;

// Answers change only when one ends; decisions ask all the time.
const columns = new WeakMap<readonly AnswerSample[], AnswerColumns>();

export function columnsOf(answers: readonly AnswerSample[]): AnswerColumns {
  let known = columns.get(answers);
  if (known === undefined) columns.set(answers, (known = toColumns(answers)));
  return known;
}

/** The answers with one more, at most `capacity` of them; their columns are taken over instead of made anew. */
export function withAnswer(
  answers: readonly AnswerSample[],
  answer: AnswerSample,
  capacity: number,
): readonly AnswerSample[] {
  const dropped = Math.max(0, answers.length - capacity + 1);
  const next = slide(answers, answer, capacity);
  const { space, end, templates } = columnsOf(answers);
  // Somebody may have gone on from the same state otherwise, or there is no room left.
  if (space.used === end && end < space.templates.length) {
    enter(space, answer);
    columns.set(next, viewOf(space, end - templates.length + dropped));
  }
  return next;
}

function toColumns(answers: readonly AnswerSample[]): AnswerColumns {
  const size = answers.length + ROOM;
  const space: Space = {
    templates: new Int32Array(size),
    templateOf: new Map(),
    logPrompts: new Float64Array(size),
    lengths: new Float64Array(size),
    bins: new Uint8Array(size),
    limited: new Uint8Array(size),
    used: 0,
  };
  for (const answer of answers) enter(space, answer);
  return viewOf(space, 0);
}

function viewOf(space: Space, from: number): AnswerColumns {
  const end = space.used;
  return {
    templates: space.templates.subarray(from, end),
    // A number that came later is to these columns one that no answer has.
    templateOf: space.templateOf,
    logPrompts: space.logPrompts.subarray(from, end),
    lengths: space.lengths.subarray(from, end),
    bins: space.bins.subarray(from, end),
    limited: space.limited.subarray(from, end),
    space,
    end,
  };
}

function enter(into: Space, { template, prompt, output, limited }: AnswerSample): void {
  const index = into.used;
  let id = into.templateOf.get(template);
  if (id === undefined) into.templateOf.set(template, (id = into.templateOf.size));
  into.templates[index] = id;
  into.logPrompts[index] = logPrompt(prompt);
  into.lengths[index] = lengthBin(output);
  into.bins[index] = Math.max(0, Math.min(BINS - 1, Math.floor(into.lengths[index]!)));
  into.limited[index] = limited ? 1 : 0;
  into.used = index + 1;
}

export function logPrompt(tokens: number): number {
  return Math.log(tokens + 16);
}

/** Steps of 10 % that lie between two prompts so far apart in log length. */
export function stepsApart(logs: number): number {
  return logs / STEP;
}

export function tokensOfBin(bin: number): number {
  return 8 * Math.expm1(bin * STEP);
}

function lengthBin(tokens: number): number {
  return Math.log1p(tokens / 8) / STEP;
}

/** Bins of whole tokens: a decision looks up thousands. */
const WHOLE = new Uint8Array(1 << 17);
for (let tokens = 0; tokens < WHOLE.length; tokens++) WHOLE[tokens] = Math.floor(lengthBin(tokens));

/** The bin that a length of 0 or more lies in, at most `BINS`. */
export function binOf(tokens: number): number {
  return WHOLE[Math.floor(tokens)] ?? Math.min(BINS, Math.floor(lengthBin(tokens)));
}
