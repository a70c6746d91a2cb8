import { updateMean } from './running-mean.js';
import type { RequestFeatures } from './request.js';
import type { ModelStatistics, RunningMean } from './statistics.js';

/**
 * Tokens per unit of each feature, before a model is known. Fitted to the counts of a Llama 3
 * tokenizer; docs/decisions/token-estimate.md has the error on each kind of text.
 */
export const TOKENS_PER = {
  piece: 0.99,
  excessLetter: 0.07,
  wideChar: 0.84,
  alphabetChar: 0.45,
  toolPiece: 1,
  /** Role markers and line breaks around a message. */
  message: 5,
  /** What every chat template puts in front. */
  request: 6,
  /** Between the 256 of small projectors and the 1,600 and more of tiled ones. */
  image: 768,
} as const;

export interface PromptEstimate {
  /** Expected tokens. */
  readonly mean: number;
  /** Tokens that about 99 % of such prompts do not exceed. */
  readonly bound: number;
}

/**
 * Added to both sides of the calibration's ratio. The tokens around a message are the same few for
 * every length, so that a ratio of small counts says little: a prompt of 10 that counts 30 must not
 * teach that the model's tokens are three times as many.
 */
const OFFSET = 16;

/** Standard deviations up to the 99th percentile, with a little for tails that are heavier than normal. */
const BOUND_DEVIATIONS = 2.6;
/** Spread of the log ratio before anything is known: other tokenizers, other scripts. */
const UNKNOWN_DEVIATION = 0.22;
/** Spread assumed of a model that has been seen, worth as many samples as the second number says. */
const PRIOR_DEVIATION = 0.1;
const PRIOR_SAMPLES = 6;

/**
 * Tokens per opaque character that the bound keeps beyond the estimate: words are looked for where there
 * are none, and random letters take up to one token per 1.4 bytes. No calibration on prose would tell.
 */
const OPAQUE_TOKENS = 0.25;

/** Tokens of the prompt as a tokenizer of the Llama 3 kind would count them, uncalibrated. */
export function rawPromptTokens(features: RequestFeatures): number {
  if (features.preload || features.unload) return 0;
  return (
    TOKENS_PER.request +
    TOKENS_PER.piece * features.pieces +
    TOKENS_PER.excessLetter * features.excessLetters +
    TOKENS_PER.wideChar * features.wideChars +
    TOKENS_PER.alphabetChar * features.alphabetChars +
    TOKENS_PER.toolPiece * features.toolPieces +
    TOKENS_PER.message * features.messageCount +
    TOKENS_PER.image * features.imageCount +
    features.contextTokens
  );
}

/** Takes in what the server counted for a prompt that was estimated at `raw`. */
export function calibrate(calibration: RunningMean, raw: number, counted: number): RunningMean {
  if (!(raw > 0) || !(counted > 0)) return calibration;
  return updateMean(calibration, Math.log((counted + OFFSET) / (raw + OFFSET)));
}

/** Expected prompt tokens, and a bound: calibrated once the model has answered, cautious before. */
export function estimatePrompt(features: RequestFeatures, statistics: ModelStatistics | null): PromptEstimate {
  const raw = rawPromptTokens(features);
  if (raw === 0) return { mean: 0, bound: 0 };
  const calibration = statistics?.calibration;
  const samples = calibration?.samples ?? 0;
  const shift = calibration !== undefined && samples > 0 ? (calibration.mean * samples) / (samples + 1) : 0;
  const mean = (raw + OFFSET) * Math.exp(shift) - OFFSET;
  const deviation = deviationOf(samples, calibration?.variance ?? 0);
  const bound =
    (raw + OFFSET) * Math.exp(shift + BOUND_DEVIATIONS * deviation) - OFFSET + OPAQUE_TOKENS * features.opaqueChars;
  return { mean: Math.max(1, Math.round(mean)), bound: Math.max(1, Math.ceil(bound)) };
}

function deviationOf(samples: number, variance: number): number {
  if (samples === 0) return UNKNOWN_DEVIATION;
  const pooled = (PRIOR_SAMPLES * PRIOR_DEVIATION ** 2 + samples * variance) / (PRIOR_SAMPLES + samples);
  // The mean itself is uncertain while samples are few.
  return Math.sqrt(pooled + UNKNOWN_DEVIATION ** 2 / (samples + 1) ** 2);
}
