import type { Decision, PolicyParameters } from './decision.js';
import { quantile } from './recent-sample.js';
import type { RequestFeatures } from './request.js';
import type { ModelStatistics, TemplateStatistics } from './statistics.js';

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
  const limit = features.numPredict;
  if (limit !== null && (runsIntoLimits(policy, template) ?? runsIntoLimits(policy, model) ?? false)) {
    return { tokens: limit, source: 'num_predict' };
  }
  const learnt = learntBound(policy, template, model);
  if (limit !== null && limit <= learnt.tokens) return { tokens: limit, source: 'num_predict' };
  return learnt;
}

function learntBound(
  policy: PolicyParameters,
  template: TemplateStatistics | null,
  model: ModelStatistics | null,
): OutputBound {
  const ofTemplate = template === null ? null : quantile(template.outputs, policy.outputQuantile);
  if (template !== null && ofTemplate !== null && template.outputs.values.length >= policy.minSamples) {
    return { tokens: ofTemplate, source: 'template' };
  }
  const ofModel = model === null ? null : quantile(model.outputs, policy.outputQuantile);
  if (model !== null && ofModel !== null && model.outputs.values.length >= policy.minSamples) {
    return { tokens: Math.max(ofModel, ofTemplate ?? 0), source: 'model' };
  }
  return { tokens: Math.max(policy.unknownOutput, ofModel ?? 0, ofTemplate ?? 0), source: 'default' };
}

/**
 * Whether limits end more answers than the quantile leaves out: then the quantile of the complete
 * ones says nothing of the rest. Null while too few answers were seen to tell.
 */
function runsIntoLimits(
  policy: PolicyParameters,
  statistics: TemplateStatistics | ModelStatistics | null,
): boolean | null {
  if (statistics === null || statistics.lengthStops.samples < policy.minSamples) return null;
  return statistics.lengthStops.mean > 1 - policy.outputQuantile;
}
