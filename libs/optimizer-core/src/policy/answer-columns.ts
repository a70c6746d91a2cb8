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
  readonly templateOf: ReadonlyMap<string | null, number>;
  readonly logPrompts: Float64Array;
  /** Lengths in steps of 10 %. */
  readonly lengths: Float64Array;
  readonly limited: Uint8Array;
}

// Answers change only when one ends; decisions ask all the time.
const columns = new WeakMap<readonly AnswerSample[], AnswerColumns>();

export function columnsOf(answers: readonly AnswerSample[]): AnswerColumns {
  let known = columns.get(answers);
  if (known === undefined) columns.set(answers, (known = toColumns(answers)));
  return known;
}

function toColumns(answers: readonly AnswerSample[]): AnswerColumns {
  const count = answers.length;
  const templateOf = new Map<string | null, number>();
  const made = {
    templates: new Int32Array(count),
    templateOf,
    logPrompts: new Float64Array(count),
    lengths: new Float64Array(count),
    limited: new Uint8Array(count),
  };
  for (let index = 0; index < count; index++) {
    const { template, prompt, output, limited } = answers[index]!;
    let id = templateOf.get(template);
    if (id === undefined) templateOf.set(template, (id = templateOf.size));
    made.templates[index] = id;
    made.logPrompts[index] = logPrompt(prompt);
    made.lengths[index] = lengthBin(output);
    made.limited[index] = limited ? 1 : 0;
  }
  return made;
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
