import { answerKind } from './answer-sample.js';
import type { Decision, PolicyParameters } from './decision.js';
import { outputCurve } from './output-curve.js';
import type { RequestFeatures } from './request.js';
import type { ModelStatistics, TemplateStatistics } from './statistics.js';
import { estimatePrompt } from './token-estimate.js';

export interface OutputBound {
  /** Tokens to keep for the answer. */
  readonly tokens: number;
  readonly source: Decision['inputs']['outputSource'];
}

/**
 * Tokens to keep for the answer. `num_predict` is an upper limit and no evidence of length: many
 * clients send 4,096 and get 50. It counts in full where nothing better is known or where answers
 * are known to run into it.
 */
export function boundOutput(
  policy: PolicyParameters,
  features: RequestFeatures,
  template: TemplateStatistics | null,
  model: ModelStatistics | null,
): OutputBound {
  const learnt = learntBound(policy, features, template, model);
  const limit = features.numPredict;
  return limit !== null && limit <= learnt.tokens ? { tokens: limit, source: 'num_predict' } : learnt;
}

function learntBound(
  policy: PolicyParameters,
  features: RequestFeatures,
  template: TemplateStatistics | null,
  model: ModelStatistics | null,
): OutputBound {
  const seen = (statistics: TemplateStatistics | ModelStatistics | null): number =>
    statistics?.answers?.outputs.length ?? 0;
  if (seen(template) + seen(model) === 0) return { tokens: policy.unknownOutput, source: 'default' };
  const promptTokens = estimatePrompt(features, model, template, policy.tokensPer).mean;
  const curve = outputCurve(model, template, { promptTokens, kind: answerKind(features) });
  const tokens = curve.quantile(policy.outputQuantile);
  if (seen(template) >= policy.minSamples) return { tokens, source: 'template' };
  if (seen(model) >= policy.minSamples) return { tokens, source: 'model' };
  return { tokens: Math.max(policy.unknownOutput, tokens), source: 'default' };
}
