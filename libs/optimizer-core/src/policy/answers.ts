import { DEFAULT_BELIEFS, type SizingBeliefs } from './beliefs.js';

/** The chance that an answer outgrows a number of tokens. Never rises, is 1 below zero, 0 beyond the limit. */
export type Survival = (tokens: number) => number;

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

/** Prompts of other lengths say less about this one: a kernel of this width in log length. */
const KERNEL_WIDTH = 0.35;
/** What the template's answers to prompts of any length count together, in answers. */
const ANY_LENGTH = 3;
/** Sum of squared log lengths that no growth of answers with prompts is believed with. */
const SLOPE_EVIDENCE = 1;
/** Lengths are counted in steps of 10 %, each taken for its upper end. */
const STEP = Math.log(1.1);
const BINS = 128;

/** Learnt from answers of the same template to prompts of like length; a heavy tail stands for what was not seen. */
export function answerSurvival(
  answers: readonly AnswerSample[],
  template: string | null,
  prompt: number,
  limit: number | null,
  beliefs: SizingBeliefs = DEFAULT_BELIEFS,
): Survival {
  const { othersWeight, tailWeight } = beliefs;
  const { own, others, ownLimited, othersLimited } = collect(answers, template, prompt, beliefs.answerHalfLife);
  const ownMass = sum(own) + sum(ownLimited);
  const othersMass = sum(others) + sum(othersLimited);
  const share =
    othersMass === 0 ? 0 : (Math.min(1, othersWeight / othersMass) * othersWeight) / (othersWeight + ownMass);
  const beyond = new Float64Array(BINS + 1);
  const censored = new Float64Array(BINS + 1);
  let lengths = 0;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const ended = own[bin]! + share * others[bin]!;
    const stopped = ownLimited[bin]! + share * othersLimited[bin]!;
    beyond[bin] = beyond[bin + 1]! + ended + stopped;
    censored[bin] = stopped;
    lengths += (ended + stopped) * bin;
  }
  for (let bin = 1; bin <= BINS; bin++) censored[bin] = censored[bin]! + censored[bin - 1]!;
  const mass = beyond[0]!;
  // Of answers of no tokens the tail would be 0 over 0.
  const typical = mass === 0 ? beliefs.answerTokens : Math.max(1, lengthOf(lengths / mass));
  return (tokens) => {
    if (tokens < 0) return 1;
    if (limit !== null && tokens >= limit) return 0;
    const bin = Math.min(BINS, Math.floor(binOf(tokens)));
    // Those that a limit stopped before this length might have come this far.
    const unseen = tailWeight + (bin === 0 ? 0 : censored[bin - 1]!);
    return (beyond[bin]! + unseen / (1 + (tokens / typical) ** 2)) / (mass + tailWeight);
  };
}

/** The fewest tokens that are outgrown with at most this chance. */
export function tokensAt(survival: Survival, chance: number, most: number): number {
  let low = 0;
  let high = most;
  while (high - low > 16) {
    const middle = (low + high) / 2;
    if (survival(middle) <= chance) high = middle;
    else low = middle;
  }
  return Math.ceil(high);
}

interface Collected {
  readonly own: Float64Array;
  readonly others: Float64Array;
  readonly ownLimited: Float64Array;
  readonly othersLimited: Float64Array;
}

function collect(
  answers: readonly AnswerSample[],
  template: string | null,
  prompt: number,
  halfLife: number,
): Collected {
  const fading = 2 ** (-1 / halfLife);
  const own = new Float64Array(BINS);
  const others = new Float64Array(BINS);
  const ownLimited = new Float64Array(BINS);
  const othersLimited = new Float64Array(BINS);
  const at = Math.log(prompt + 16);
  const { slope, count } = lengthSlope(answers, template);
  // The more is known of prompts of this length, the less the others say.
  const floor = Math.min(1, (ANY_LENGTH * (1 - fading)) / (1 - fading ** Math.max(1, count)));
  let fade = 1;
  let fadeOwn = 1;
  for (let index = answers.length - 1; index >= 0; index--) {
    const sample = answers[index]!;
    const apart = at - Math.log(sample.prompt + 16);
    const mine = template !== null && sample.template === template;
    const weight = mine ? fadeOwn * (floor + kernel(apart)) : fade * kernel(apart);
    fade *= fading;
    if (mine) fadeOwn *= fading;
    const scaled = binOf(sample.output) + (mine ? (slope * apart) / STEP : 0);
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(scaled)));
    const into = mine ? (sample.limited ? ownLimited : own) : sample.limited ? othersLimited : others;
    into[bin] = into[bin]! + weight;
  }
  return { own, others, ownLimited, othersLimited };
}

/** How answers grow with prompts, as a power: 0 for chats, near 1 for translations. */
function lengthSlope(
  answers: readonly AnswerSample[],
  template: string | null,
): { readonly slope: number; readonly count: number } {
  let count = 0;
  let n = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  for (const sample of answers) {
    if (sample.template !== template) continue;
    count++;
    if (sample.limited) continue;
    const prompt = Math.log(sample.prompt + 16);
    const output = Math.log(sample.output + 8);
    n++;
    x += prompt;
    y += output;
    xx += prompt * prompt;
    xy += prompt * output;
  }
  if (n < 2) return { slope: 0, count };
  const slope = (xy - (x * y) / n) / (xx - (x * x) / n + SLOPE_EVIDENCE);
  return { slope: Math.min(1, Math.max(0, slope)), count };
}

const KERNEL = Float64Array.from({ length: 64 }, (_, index) => Math.exp(-((index / 16) ** 2) / 2));

/** A Gaussian, out of a table: this is most of what a decision computes. */
function kernel(apart: number): number {
  return KERNEL[Math.round((Math.abs(apart) / KERNEL_WIDTH) * 16)] ?? 0;
}

function binOf(tokens: number): number {
  return Math.log1p(tokens / 8) / STEP;
}

function lengthOf(bin: number): number {
  return 8 * Math.expm1(bin * STEP);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
