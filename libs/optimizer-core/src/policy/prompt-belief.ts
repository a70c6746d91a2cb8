import { sizeOf, type Conversation, type SizingState } from './sizing-state.js';

export interface EstimatedPrompt {
  readonly template: string | null;
  /** Expected prompt tokens by the estimator, and the bound that 99 % do not exceed. */
  readonly promptMean: number;
  readonly promptBound: number;
}

/** A prompt length that may turn out. */
export interface PromptPoint {
  readonly tokens: number;
  readonly chance: number;
}

/** Standard deviations of equal chances, of Student's distribution with four degrees of freedom, and its far tail. */
const DEVIATIONS = [0.09, 0.27, 0.47, 0.72, 1.07, 1.82] as const;
const FAR_DEVIATION = 3.5;
const FAR_CHANCE = 0.005;
const NEAR_CHANCE = (1 - 2 * FAR_CHANCE) / (2 * DEVIATIONS.length);
const POINTS = [-1, 1].flatMap((side) => [
  ...DEVIATIONS.map((at) => [side * at, NEAR_CHANCE] as const),
  [side * FAR_DEVIATION, FAR_CHANCE] as const,
]);
const BOUND_DEVIATIONS = 2.6;
const LEAST_DEVIATION = 0.01;
/** Half of the weight lies on the last this many prompts of a template. */
const FADING = 2 ** (-1 / 300);
/** Lengths not seen yet: these many prompts, spread evenly over so many e-folds. */
const UNSEEN = 4;
const UNSEEN_WIDTH = 4;
/** Seen lengths closer than this part of a deviation count as one. */
const BIN = 1 / 3;
const FARTHEST = 4;

/**
 * How long the prompt may turn out: what the estimator says of the text, weighed by what lengths the template's
 * prompts have (many share a long beginning, or are cut at a limit), for a later turn by what turns add.
 */
export function promptBelief(
  state: SizingState,
  asked: EstimatedPrompt,
  previous: Conversation | null,
): readonly PromptPoint[] {
  const mean = Math.max(1, asked.promptMean);
  const deviation = Math.max(LEAST_DEVIATION, Math.log(Math.max(mean, asked.promptBound) / mean) / BOUND_DEVIATIONS);
  const reach = Math.ceil(FARTHEST / BIN);
  const masses = new Float64Array(2 * reach + 1);
  const tokens = new Float64Array(2 * reach + 1);
  // Most lengths seen are far away: no logarithm is needed to know it.
  const [least, most] = [-reach - 1, reach + 1].map((bins) => mean * Math.exp(bins * BIN * deviation));
  let fade = 1;
  const base = previous === null ? 0 : sizeOf(previous);
  for (let index = state.answers.length - 1; index >= 0; index--) {
    const sample = state.answers[index]!;
    if (sample.template !== asked.template || (sample.increment === null) !== (previous === null)) continue;
    const length = Math.max(1, previous === null ? sample.prompt : base + sample.increment!);
    const weight = fade;
    fade *= FADING;
    if (length < least! || length > most!) continue;
    const apart = Math.log(length / mean) / deviation;
    const bin = Math.round(apart / BIN);
    if (Math.abs(bin) > reach) continue;
    const mass = (weight * student(apart)) / deviation;
    masses[bin + reach] = masses[bin + reach]! + mass;
    tokens[bin + reach] = tokens[bin + reach]! + mass * length;
  }
  let total = UNSEEN / UNSEEN_WIDTH;
  for (const mass of masses) total += mass;
  const points = POINTS.map(([at, chance]) => ({
    tokens: Math.ceil(mean * Math.exp(at * deviation)),
    chance: (chance * UNSEEN) / UNSEEN_WIDTH / total,
  }));
  masses.forEach((mass, bin) => {
    if (mass / total > LEAST_CHANCE) points.push({ tokens: Math.round(tokens[bin]! / mass), chance: mass / total });
  });
  return points;
}

const LEAST_CHANCE = 1e-4;

/** Density of Student's distribution with four degrees of freedom. */
function student(deviations: number): number {
  const wide = 1 + (deviations * deviations) / 4;
  return 0.375 / (wide * wide * Math.sqrt(wide));
}
