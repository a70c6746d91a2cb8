import {
  BINS,
  binOf,
  columnsOf,
  logPrompt,
  stepsApart,
  tokensOfBin,
  type AnswerColumns,
  type AnswerSample,
} from './answer-columns.js';
import { DEFAULT_BELIEFS, type SizingBeliefs } from './beliefs.js';

/** The chance that an answer outgrows a number of tokens. Never rises, is 1 below zero, 0 beyond the limit. */
export type Survival = (tokens: number) => number;

/** Prompts of other lengths say less about this one: a kernel of this width in log length. */
const KERNEL_WIDTH = 0.35;
/** What the template's answers to prompts of any length count together, in answers. */
const ANY_LENGTH = 3;
/** Sum of squared log lengths that no growth of answers with prompts is believed with. */
const SLOPE_EVIDENCE = 1;

/** Learnt from answers of the same template to prompts of like length; a heavy tail stands for what was not seen. */
export function answerSurvival(
  answers: readonly AnswerSample[],
  template: string | null,
  prompt: number,
  limit: number | null,
  beliefs: SizingBeliefs = DEFAULT_BELIEFS,
): Survival {
  const { othersWeight, tailWeight } = beliefs;
  const { own, others, ownLimited, othersLimited } = collect(
    columnsOf(answers),
    template,
    prompt,
    beliefs.answerHalfLife,
  );
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
  const typical = mass === 0 ? beliefs.answerTokens : Math.max(1, tokensOfBin(lengths / mass));
  return (tokens) => {
    if (tokens < 0) return 1;
    if (limit !== null && tokens >= limit) return 0;
    const bin = binOf(tokens);
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
  { templates, templateOf, logPrompts, lengths, bins, limited }: AnswerColumns,
  template: string | null,
  prompt: number,
  halfLife: number,
): Collected {
  const fading = 2 ** (-1 / halfLife);
  const own = new Float64Array(BINS);
  const others = new Float64Array(BINS);
  const ownLimited = new Float64Array(BINS);
  const othersLimited = new Float64Array(BINS);
  const at = logPrompt(prompt);
  const mine = templateOf.get(template) ?? -1;
  const { slope, mass } = lengthSlope({ templates, logPrompts, lengths, limited }, mine, fading);
  const growth = stepsApart(slope);
  // The more is known of prompts of this length, the less the others say.
  const floor = Math.min(1, ANY_LENGTH / Math.max(1, mass));
  let fade = 1;
  let fadeOwn = 1;
  for (let index = templates.length - 1; index >= 0; index--) {
    const apart = at - logPrompts[index]!;
    const alike = kernel(apart);
    if (templates[index] === mine && template !== null) {
      const length = lengths[index]! + growth * apart;
      add(limited[index] === 1 ? ownLimited : own, length, fadeOwn * (floor + alike));
      fadeOwn *= fading;
    } else if (alike > 0) {
      const into = limited[index] === 1 ? othersLimited : others;
      into[bins[index]!]! += fade * alike;
    }
    fade *= fading;
  }
  return { own, others, ownLimited, othersLimited };
}

function add(into: Float64Array, length: number, weight: number): void {
  const bin = Math.max(0, Math.min(BINS - 1, Math.floor(length)));
  into[bin] = into[bin]! + weight;
}

/** How answers grow with prompts, as a power: 0 for chats, near 1 for translations; and what the answers count together. */
function lengthSlope(
  { templates, logPrompts, lengths, limited }: Pick<AnswerColumns, 'templates' | 'logPrompts' | 'lengths' | 'limited'>,
  mine: number,
  fading: number,
): { readonly slope: number; readonly mass: number } {
  // Summed here: a power of `fading` is computed for every answer, as the compiler moves it to where it is used.
  let mass = 0;
  let n = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  for (let index = 0; index < templates.length; index++) {
    if (templates[index] !== mine) continue;
    mass = mass * fading + 1;
    if (limited[index] === 1) continue;
    const prompt = logPrompts[index]!;
    const output = lengths[index]!;
    n++;
    x += prompt;
    y += output;
    xx += prompt * prompt;
    xy += prompt * output;
  }
  if (n < 2) return { slope: 0, mass };
  const slope = (xy - (x * y) / n) / stepsApart(xx - (x * x) / n + SLOPE_EVIDENCE);
  return { slope: Math.min(1, Math.max(0, slope)), mass };
}

/** Values of a Gaussian at sixteenths of a deviation; nothing from four deviations on. */
const KERNEL = new Float64Array(65);
for (let at = 0; at < 64; at++) KERNEL[at] = Math.exp(-((at / 16) ** 2) / 2);

/** Out of a table: this is most of what a decision computes. */
function kernel(apart: number): number {
  const at = (Math.abs(apart) * 16) / KERNEL_WIDTH + 0.5;
  return at < 64 ? KERNEL[at | 0]! : 0;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
