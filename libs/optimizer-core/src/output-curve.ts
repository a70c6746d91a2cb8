import type { AnswerKind } from './answer-sample.js';
import type { AnswerSample, ModelStatistics, TemplateStatistics } from './statistics.js';

/** What an answer's length is asked for. */
export interface AnswerQuestion {
  /** Expected prompt tokens; prompts of like length weigh more. */
  readonly promptTokens: number;
  /** From `answerKind()`; answers of another kind hardly count. */
  readonly kind?: AnswerKind;
  /** `num_predict`: no answer is longer. */
  readonly limit?: number | null;
}

/** The chances of an answer's length. Cheap to ask, made anew for each request. */
export interface OutputCurve {
  /** The chance, 0 to 1, that the answer takes more than `tokens`. Falls as tokens grow. */
  survival(tokens: number): number;
  /** The fewest tokens that the answer exceeds with a chance of no more than 1 - q. */
  quantile(q: number): number;
  /** Answers that speak, weighted by age and likeness: of the template and of the model. */
  readonly templateWeight: number;
  readonly modelWeight: number;
}

/** Answers after which one counts half: recent history weighs more. */
const HALF_LIFE = 300;
/** Width of the kernel in log prompt length, and what an answer to a prompt of any other length weighs. */
const KERNEL_WIDTH = 0.35;
const UNLIKE_WEIGHT = 0.1;
/** What an answer of another kind (thinking, tools) weighs in comparison. */
const OTHER_KIND_WEIGHT = 0.05;
/** Weight of the level above in a template's curve, in answers. */
const MODEL_WEIGHT = 1;
/** Weight of the heavy tail in the model's curve, in answers. */
const TAIL_WEIGHT = 1;
/** Part of either that is moved beyond the longest answer, and the weight of answers after which it is half of that. */
const MOVED_BEYOND = 0.4;
const MOVED_AFTER = 8;
/** Typical answer before any was seen, tokens: 95 % are then taken to be under 1,024. */
const UNKNOWN_TYPICAL = 235;
/** Nothing is asked beyond this, tokens. */
const LONGEST = 2 ** 24;

type Survival = (tokens: number) => number;

/** What is known of the answer to a request: its template's answers, where few the model's, a heavy tail beyond. */
export function outputCurve(
  model: ModelStatistics | null,
  template: TemplateStatistics | null,
  question: AnswerQuestion,
): OutputCurve {
  const ofModel = weigh(model?.answers, question);
  const ofTemplate = weigh(template?.answers, question);
  const typical = typicalOf(ofTemplate) ?? typicalOf(ofModel) ?? UNKNOWN_TYPICAL;
  const tail: Survival = (tokens) => 1 / (1 + (tokens / typical) ** 2);
  const modelCurve = learn(ofModel, tail, TAIL_WEIGHT);
  const curve = learn(ofTemplate, modelCurve, MODEL_WEIGHT);
  const limit = question.limit ?? Infinity;
  const survival: Survival = (tokens) => (tokens >= limit ? 0 : tokens < 0 ? 1 : curve(tokens));
  return {
    survival,
    quantile: (q) => smallest(survival, 1 - q),
    templateWeight: ofTemplate.total,
    modelWeight: ofModel.total,
  };
}

/** The chance that an answer takes more than `tokens`; {@link outputCurve} where more than one is asked. */
export function outputSurvival(
  model: ModelStatistics | null,
  template: TemplateStatistics | null,
  promptTokens: number,
  tokens: number,
): number {
  return outputCurve(model, template, { promptTokens }).survival(tokens);
}

/** The fewest tokens that an answer exceeds with a chance of no more than 1 - q. */
export function outputQuantile(
  model: ModelStatistics | null,
  template: TemplateStatistics | null,
  promptTokens: number,
  q: number,
): number {
  return outputCurve(model, template, { promptTokens }).quantile(q);
}

interface Weighed {
  /** Lengths in rising order. */
  readonly outputs: Float64Array;
  readonly cutShort: Uint8Array;
  /** `beyond[i]`: weight of the answers from the i-th on. */
  readonly beyond: Float64Array;
  readonly total: number;
}

const NOTHING: Weighed = {
  outputs: new Float64Array(0),
  cutShort: new Uint8Array(0),
  beyond: new Float64Array(1),
  total: 0,
};

/** Steps of log prompt length that are weighed for alike: a twentieth of the kernel's width. */
const STEP = KERNEL_WIDTH / 20;
/** Weighings kept of each sample. */
const MOST_WEIGHED = 64;
/** More than there are kinds, and than `question.kind` can be missing. */
const KINDS = 256;

function weigh(answers: AnswerSample | undefined, question: AnswerQuestion): Weighed {
  if (answers === undefined || answers.outputs.length === 0) return NOTHING;
  const sorted = sortedOf(answers);
  const step = Math.round(Math.log(Math.max(1, question.promptTokens)) / STEP);
  const key = step * KINDS + (question.kind ?? KINDS - 1);
  const known = sorted.weighed.get(key);
  if (known !== undefined) return known;
  const weighed = weighAt(sorted, step * STEP, question.kind);
  if (sorted.weighed.size >= MOST_WEIGHED) sorted.weighed.clear();
  sorted.weighed.set(key, weighed);
  return weighed;
}

function weighAt(sorted: Sorted, logPrompt: number, kind: AnswerKind | undefined): Weighed {
  const count = sorted.outputs.length;
  const beyond = new Float64Array(count + 1);
  for (let i = count - 1; i >= 0; i--) {
    const distance = (sorted.logPrompts[i]! - logPrompt) / KERNEL_WIDTH;
    const alike = UNLIKE_WEIGHT + Math.exp(-0.5 * distance * distance);
    const kin = kind === undefined || sorted.kinds[i] === kind ? 1 : OTHER_KIND_WEIGHT;
    beyond[i] = beyond[i + 1]! + sorted.recency[i]! * alike * kin;
  }
  return { outputs: sorted.outputs, cutShort: sorted.cutShort, beyond, total: beyond[0]! };
}

/**
 * Bayes estimate of a survival function from answers some of which were cut short (Susarla and Van Ryzin
 * 1976): what is beyond `tokens` of the answers and of `prior`, times a factor for each answer that was
 * cut short before and may have gone on.
 */
function learn(answers: Weighed, prior: Survival, priorWeight: number): Survival {
  const { outputs, cutShort, beyond, total } = answers;
  if (total === 0) return prior;
  const own = withRoomBeyond(answers, prior);
  const goneOn = new Float64Array(outputs.length + 1).fill(1);
  for (let i = 0; i < outputs.length; i++) {
    goneOn[i + 1] = goneOn[i]!;
    if (cutShort[i] === 0) continue;
    const left = priorWeight * own(outputs[i]!);
    const before = left + beyond[i]!;
    const after = left + beyond[i + 1]!;
    if (after > 0) goneOn[i + 1]! *= before / after;
  }
  return (tokens) => {
    const at = firstBeyond(outputs, tokens);
    return Math.min(1, ((beyond[at]! + priorWeight * own(tokens)) / (total + priorWeight)) * goneOn[at]!);
  };
}

/**
 * The prior, part of it moved beyond the longest answer seen: of n answers alike the next one exceeds all with a
 * chance of 1 / (n + 1), however sure the prior is that nothing is so long. The more answers, the more that counts.
 * Two that are equally long speak for a length that the answers end at: leave either out and the other exceeds nothing.
 */
function withRoomBeyond(answers: Weighed, prior: Survival): Survival {
  const { outputs, total } = answers;
  const longest = outputs[outputs.length - 1]!;
  const atLongest = prior(longest);
  if (atLongest <= 0 || endedTwiceAt(longest, answers)) return prior;
  const moved = (MOVED_BEYOND * total) / (total + MOVED_AFTER);
  return (tokens) => (1 - moved) * prior(tokens) + moved * Math.min(1, prior(tokens) / atLongest);
}

/** Answers that a limit cut there say nothing of where they would have ended. */
function endedTwiceAt(longest: number, { outputs, cutShort }: Weighed): boolean {
  const last = outputs.length - 1;
  return last > 0 && outputs[last - 1] === longest && cutShort[last] === 0 && cutShort[last - 1] === 0;
}

/** Weighted median of the lengths; null when there are none. */
function typicalOf({ outputs, beyond, total }: Weighed): number | null {
  if (total === 0) return null;
  let at = 0;
  while (at < outputs.length - 1 && beyond[at + 1]! > total / 2) at++;
  return Math.max(1, outputs[at]!);
}

/** Index of the first length that is greater than `tokens`. */
function firstBeyond(outputs: Float64Array, tokens: number): number {
  let low = 0;
  let high = outputs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (outputs[middle]! > tokens) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The fewest whole tokens that are exceeded with no more than `chance`. */
function smallest(survival: Survival, chance: number): number {
  let high = 1;
  while (high < LONGEST && survival(high) > chance) high *= 2;
  let low = 0;
  if (survival(0) <= chance) return 0;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (survival(middle) > chance) low = middle;
    else high = middle;
  }
  return high;
}

interface Sorted {
  readonly outputs: Float64Array;
  readonly logPrompts: Float64Array;
  readonly kinds: Uint8Array;
  readonly cutShort: Uint8Array;
  readonly recency: Float64Array;
  /** By prompt length and kind: many requests come between two answers. */
  readonly weighed: Map<number, Weighed>;
}

/** More than answers are kept. */
const PLACES = 2 ** 20;

// Answers change only when one ends; decisions ask for curves all the time.
const sortedSamples = new WeakMap<AnswerSample, Sorted>();

const FADED = Float64Array.from({ length: 1024 }, (_, age) => 2 ** (-age / HALF_LIFE));

function fadedBy(age: number): number {
  return FADED[age] ?? 2 ** (-age / HALF_LIFE);
}

function sortedOf(answers: AnswerSample): Sorted {
  const known = sortedSamples.get(answers);
  if (known !== undefined) return known;
  const count = answers.outputs.length;
  // Sorted as numbers that carry their place: comparing by a function takes several times as long.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = answers.outputs[i]! * PLACES + i;
  keys.sort();
  const sorted: Sorted = {
    outputs: new Float64Array(count),
    logPrompts: new Float64Array(count),
    kinds: new Uint8Array(count),
    cutShort: new Uint8Array(count),
    recency: new Float64Array(count),
    weighed: new Map(),
  };
  for (let rank = 0; rank < count; rank++) {
    const i = keys[rank]! % PLACES;
    sorted.outputs[rank] = answers.outputs[i]!;
    sorted.logPrompts[rank] = Math.log(Math.max(1, answers.prompts[i]!));
    sorted.kinds[rank] = answers.kinds[i]!;
    sorted.cutShort[rank] = answers.cutShort[i]!;
    sorted.recency[rank] = fadedBy(count - 1 - i);
  }
  sortedSamples.set(answers, sorted);
  return sorted;
}
