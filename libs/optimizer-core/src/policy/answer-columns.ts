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
}

/** Templates that no answer is left of are forgotten when there are so many more than answers. */
const SPARE_TEMPLATES = 1024;

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
  const next = [...(dropped === 0 ? answers : answers.slice(dropped)), answer];
  const known = columns.get(answers);
  if (known !== undefined && known.templateOf.size <= capacity + SPARE_TEMPLATES) {
    columns.set(next, columnsWith(known, answer, dropped));
  }
  return next;
}

function columnsWith(known: AnswerColumns, answer: AnswerSample, dropped: number): AnswerColumns {
  // Shared with the columns before: a number that they do not hold is to them one that nobody has.
  const { templateOf } = known;
  const count = known.templates.length + 1 - dropped;
  const made = {
    templates: new Int32Array(count),
    templateOf,
    logPrompts: new Float64Array(count),
    lengths: new Float64Array(count),
    bins: new Uint8Array(count),
    limited: new Uint8Array(count),
  };
  made.templates.set(known.templates.subarray(dropped));
  made.logPrompts.set(known.logPrompts.subarray(dropped));
  made.lengths.set(known.lengths.subarray(dropped));
  made.bins.set(known.bins.subarray(dropped));
  made.limited.set(known.limited.subarray(dropped));
  enter(made, count - 1, answer);
  return made;
}

function toColumns(answers: readonly AnswerSample[]): AnswerColumns {
  const count = answers.length;
  const templateOf = new Map<string | null, number>();
  const made = {
    templates: new Int32Array(count),
    templateOf,
    logPrompts: new Float64Array(count),
    lengths: new Float64Array(count),
    bins: new Uint8Array(count),
    limited: new Uint8Array(count),
  };
  for (let index = 0; index < count; index++) {
    enter(made, index, answers[index]!);
  }
  return made;
}

function enter(into: AnswerColumns, index: number, { template, prompt, output, limited }: AnswerSample): void {
  let id = into.templateOf.get(template);
  if (id === undefined) into.templateOf.set(template, (id = into.templateOf.size));
  into.templates[index] = id;
  into.logPrompts[index] = logPrompt(prompt);
  into.lengths[index] = lengthBin(output);
  into.bins[index] = Math.max(0, Math.min(BINS - 1, Math.floor(into.lengths[index]!)));
  into.limited[index] = limited ? 1 : 0;
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
