import { EXPECTED_SPREAD, EXPECTED_TOKENS, rawTokens, type PromptSizes } from './prompt-sizes.js';

/** What a model's tokenizer takes for each size, learnt by recursive least squares. */
export interface TokenRegression {
  /** Tokens per unit of each size (prompt-sizes.ts has the order). */
  readonly weights: readonly number[];
  /** Their covariance: the lower triangle, row by row. */
  readonly covariance: readonly number[];
}

/** Spread of what all weights share: other vocabularies take this much more or fewer tokens for everything. */
const COMMON_SPREAD = 0.2;
/**
 * Added to sizes that errors are measured by. The tokens around a message are the same few for every
 * length: a prompt of 10 that counts 30 says little of how a model takes text.
 */
const OFFSET = 16;
/** Beyond this many deviations a count is doubted rather than believed. */
const DOUBTED = 3;
/** How far each count takes the uncertainty back towards what it was at first: traffic changes. */
const DRIFT = 1e-4;

const SIZE = EXPECTED_TOKENS.length;
const at = (row: number, column: number): number =>
  row >= column ? (row * (row + 1)) / 2 + column : (column * (column + 1)) / 2 + row;

const PRIOR: readonly number[] = EXPECTED_TOKENS.flatMap((tokens, row) =>
  EXPECTED_TOKENS.slice(0, row + 1).map((other, column) => {
    const common = COMMON_SPREAD ** 2 * tokens * other;
    return row === column ? common + EXPECTED_SPREAD[row]! ** 2 : common;
  }),
);

export const UNTAUGHT: TokenRegression = Object.freeze({ weights: EXPECTED_TOKENS, covariance: PRIOR });

/** What errors are relative to, tokens. */
export function scaleOf(sizes: PromptSizes): number {
  return Math.max(0, rawTokens(sizes)) + OFFSET;
}

export function predictTokens(regression: TokenRegression, sizes: PromptSizes): number {
  return sizes.reduce((sum, size, i) => sum + size * regression.weights[i]!, 0);
}

/**
 * What a prediction would be more, had the weights begun at `first` instead of the ones expected of any model:
 * all of the difference while nothing was counted, and less the more is known.
 */
export function shiftOf(regression: TokenRegression, sizes: PromptSizes, first: readonly number[]): number {
  const pull = pullOf(first);
  return gainsOf(regression, sizes).reduce((sum, gain, i) => sum + gain * pull[i]!, 0);
}

const pulls = new WeakMap<readonly number[], readonly number[]>();

/** The inverse of {@link PRIOR}, which is a diagonal and a product of a vector with itself, times the difference. */
function pullOf(first: readonly number[]): readonly number[] {
  const known = pulls.get(first);
  if (known !== undefined) return known;
  const precise = (values: readonly number[]): number[] => values.map((value, i) => value / EXPECTED_SPREAD[i]! ** 2);
  const apart = precise(EXPECTED_TOKENS.map((tokens, i) => (first[i] ?? tokens) - tokens));
  const common = precise(EXPECTED_TOKENS);
  const along = (values: readonly number[]): number =>
    COMMON_SPREAD ** 2 * values.reduce((sum, value, i) => sum + value * EXPECTED_TOKENS[i]!, 0);
  const share = along(apart) / (1 + along(common));
  const pull = apart.map((value, i) => value - share * common[i]!);
  pulls.set(first, pull);
  return pull;
}

/** Variance of the prediction that comes of not knowing the weights, relative to {@link scaleOf}. */
export function uncertainty(regression: TokenRegression, sizes: PromptSizes): number {
  const gains = gainsOf(regression, sizes);
  return gains.reduce((sum, gain, i) => sum + gain * sizes[i]!, 0) / scaleOf(sizes) ** 2;
}

/** Takes in a count whose own variance (relative, what the sizes do not explain) is `noise`. */
export function teach(
  regression: TokenRegression,
  sizes: PromptSizes,
  counted: number,
  noise: number,
): TokenRegression {
  const scale = scaleOf(sizes);
  const gains = gainsOf(regression, sizes).map((gain) => gain / scale);
  const explained = gains.reduce((sum, gain, i) => sum + (gain * sizes[i]!) / scale, 0);
  const error = (counted - predictTokens(regression, sizes)) / scale;
  const doubt = Math.max(1, (error * error) / (DOUBTED ** 2 * (explained + noise)));
  const variance = explained + noise * doubt;
  return {
    weights: regression.weights.map((weight, i) => weight + (gains[i]! * error) / variance),
    covariance: regression.covariance.map((value, index) => {
      const { row, column } = CELLS[index]!;
      const left = value - (gains[row]! * gains[column]!) / variance;
      return left + DRIFT * (PRIOR[index]! - left);
    }),
  };
}

/** Covariance times sizes. */
function gainsOf({ covariance }: TokenRegression, sizes: PromptSizes): number[] {
  return sizes.map((_, row) => sizes.reduce((sum, size, column) => sum + size * covariance[at(row, column)]!, 0));
}

const CELLS = Array.from({ length: SIZE }, (_, row) =>
  Array.from({ length: row + 1 }, (_unused, column) => ({ row, column })),
).flat();
