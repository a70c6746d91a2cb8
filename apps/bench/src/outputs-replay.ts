import {
  emptyModelStatistics,
  emptyTemplateStatistics,
  foldModel,
  foldTemplate,
  outputCurve,
  type TrafficEvent,
  type ModelStatistics,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';

import type { KnownAnswer } from './outputs-source.js';

const MODEL = 'bench';

export interface Forecast {
  readonly answer: KnownAnswer;
  /** Answers of its template that were seen before. */
  readonly seen: number;
  /** Answers of all that were seen before. */
  readonly after: number;
  /** The quantile that was given for each share asked for, tokens. */
  readonly quantiles: readonly number[];
  /** The share that was stated to be within it: no less than asked for, more where many answers are of one length. */
  readonly stated: readonly number[];
}

/** States quantiles for each answer before it is seen, then learns from it through the product's own folds. */
export function forecastAll(answers: readonly KnownAnswer[], shares: readonly number[]): readonly Forecast[] {
  const templates = new Map<string, TemplateStatistics>();
  let model: ModelStatistics = emptyModelStatistics(MODEL);
  return answers.map((answer, after) => {
    const key = answer.template;
    const template = key === null ? null : (templates.get(key) ?? null);
    const curve = outputCurve(model, template, { promptTokens: answer.promptTokens });
    const quantiles = shares.map((share) => curve.quantile(share));
    const stated = quantiles.map((tokens) => 1 - curve.survival(tokens));
    const event = completionOf(answer, after);
    model = foldModel(model, event);
    if (key !== null) templates.set(key, foldTemplate(template ?? emptyTemplateStatistics(key, MODEL), event));
    return { answer, seen: template?.completions ?? 0, after, quantiles, stated };
  });
}

function completionOf({ template, promptTokens, outputTokens }: KnownAnswer, index: number): TrafficEvent {
  return {
    type: 'request.completed',
    data: {
      requestId: String(index),
      model: MODEL,
      route: 'generate',
      templateId: template,
      status: 200,
      doneReason: 'stop',
      totalNs: null,
      loadNs: null,
      promptEvalNs: null,
      evalNs: null,
      promptTokens: Math.max(1, promptTokens),
      cachedTokens: null,
      outputTokens,
      window: null,
      rawEstimate: promptTokens,
      taints: [],
      atMs: index,
    },
  };
}
