import { forecast, learnCount, UNCALIBRATED, type PromptCalibration, type PromptLook } from './prompt-calibration.js';
import { rawTokens, sizesOf, sizesOfRaw } from './prompt-sizes.js';
import type { RequestFeatures } from './request.js';
import { updateMean } from './running-mean.js';
import type { ModelStatistics, RunningMean, TemplateStatistics } from './statistics.js';

export interface PromptEstimate {
  /** Expected tokens. */
  readonly mean: number;
  /** Tokens that about 99 % of such prompts do not exceed. */
  readonly bound: number;
}

/**
 * Added to both sides of the ratio that people are shown. The tokens around a message are the same few
 * for every length, so that a ratio of small counts says little.
 */
const OFFSET = 16;

/** A prompt that was cut says only that it was longer: the next bounds grow by this until one is counted whole. */
const CUT_FACTOR = 1.5;

/** Tokens of the prompt as a tokenizer of the Llama 3 kind would count them, uncalibrated. */
export function rawPromptTokens(features: RequestFeatures): number {
  return rawTokens(sizesOf(features));
}

/** The logarithm of what a model's tokens are to the raw estimate, over all its prompts. */
export function calibrate(calibration: RunningMean, raw: number, counted: number): RunningMean {
  if (!(raw > 0) || !(counted > 0)) return calibration;
  return updateMean(calibration, Math.log((counted + OFFSET) / (raw + OFFSET)));
}

/** What a request's tokens are estimated by, and what its count will teach. */
export function lookOf(features: RequestFeatures, templateId: string | null): PromptLook {
  return { sizes: sizesOf(features), group: groupOf(features, templateId), turns: features.turns ?? [] };
}

/** Texts of one client are alike before a template is known: its system prompt and tools give it away. */
function groupOf({ route, systemBytes, toolBytes }: RequestFeatures, templateId: string | null): string | null {
  if (templateId !== null) return `t:${templateId}`;
  return systemBytes + toolBytes === 0 ? null : `c:${route}:${systemBytes}:${toolBytes}`;
}

/** Takes in the count of a request; `look` is null for one whose features are not known any more. */
export function learnPrompt(
  calibration: PromptCalibration | undefined,
  look: PromptLook | null,
  raw: number,
  counted: number,
): PromptCalibration {
  const known = calibration ?? UNCALIBRATED;
  if (!(raw > 0) || !(counted > 0)) return known;
  return learnCount(known, look ?? { sizes: sizesOfRaw(raw), group: null, turns: [] }, counted);
}

/** The most that an earlier state of the conversation counted, tokens: its next turn holds that, and more. Null: not known. */
export function countedBefore(features: RequestFeatures, statistics: ModelStatistics | null): number | null {
  const counted = statistics?.prompts?.turns.filter(({ turn }) => features.turns?.includes(turn)) ?? [];
  return counted.length === 0 ? null : Math.max(...counted.map(({ tokens }) => tokens));
}

/**
 * Expected prompt tokens, and a bound. Closest first: what an earlier turn of the conversation counted,
 * what other prompts of the template counted, what the model's tokenizer makes of texts. `first`: tokens per
 * unit of each size before the model was counted, other than those expected of any.
 */
export function estimatePrompt(
  features: RequestFeatures,
  statistics: ModelStatistics | null,
  template: Pick<TemplateStatistics, 'templateId'> | null = null,
  first: readonly number[] | null = null,
): PromptEstimate {
  if (features.preload || features.unload) return { mean: 0, bound: 0 };
  const calibration = statistics?.prompts ?? UNCALIBRATED;
  const made = forecast(calibration, lookOf(features, template?.templateId ?? null), first);
  const missed = CUT_FACTOR ** (statistics?.cutsInARow ?? 0);
  const bound = (made.mean + made.reach * made.deviation * made.scale) * missed;
  const mean = Math.max(1, Math.round(made.mean));
  return { mean, bound: Math.max(mean, Math.ceil(bound)) };
}
