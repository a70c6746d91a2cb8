import type { RequestCompletedV1, RequestOptimizedV1, TruncationDetectedV1 } from '../events.js';
import type { Bounded, Uncertainty } from './recorded-request.js';

/** A request as far as the log tells. */
export interface Ended {
  readonly optimized: RequestOptimizedV1;
  readonly done: RequestCompletedV1;
  readonly truncation: TruncationDetectedV1 | null;
}

/** Share of a model's whole answers that an answer of unknown length is taken not to exceed. */
const LONG = 0.95;
/** Where a model has no whole answer, tokens. */
const UNKNOWN_LONG = 2048;

/** Why the counts of a request are only bounds; null: they are known. */
export function uncertaintyOf({ done, truncation }: Ended): Uncertainty | null {
  if (truncation?.kind === 'prompt-cut' || done.taints.includes('truncated')) return 'cut';
  if (done.taints.includes('cancelled') || done.taints.includes('incomplete') || done.promptTokens === null)
    return 'cancelled';
  if (truncation?.kind === 'answer-shifted' || done.taints.includes('shifted')) return 'shifted';
  return null;
}

/** For each model the length that few of its whole answers exceed. */
export function longAnswers(all: readonly Ended[]): (model: string) => number {
  const outputs = new Map<string, number[]>();
  for (const ended of all) {
    if (uncertaintyOf(ended) !== null || ended.done.outputTokens === null) continue;
    const known = outputs.get(ended.done.model) ?? [];
    known.push(ended.done.outputTokens);
    outputs.set(ended.done.model, known);
  }
  const long = new Map<string, number>();
  for (const [model, lengths] of outputs) {
    const sorted = lengths.toSorted((a, b) => a - b);
    long.set(model, sorted[Math.ceil(LONG * sorted.length) - 1]!);
  }
  return (model) => long.get(model) ?? UNKNOWN_LONG;
}

/**
 * What the log knows of prompt and answer. A prompt that was cut is at least as long as the window and
 * about as long as it was estimated; an answer that was cancelled or outgrew its window is at least as
 * long as it got, and is taken not to exceed what few answers do.
 */
export function boundsOf(ended: Ended, longAnswer: number): { readonly prompt: Bounded; readonly output: Bounded } {
  const { optimized, done } = ended;
  const { promptEstimate, promptBound } = optimized.decision.inputs;
  const counted = done.promptTokens ?? 0;
  const got = done.outputTokens ?? 0;
  const limit = optimized.features.numPredict ?? Infinity;
  const most = Math.min(limit, Math.max(got, longAnswer));
  switch (uncertaintyOf(ended)) {
    case null:
      return { prompt: exactly(counted), output: exactly(got) };
    case 'cut': {
      const lower = Math.max(counted, done.window ?? 0);
      const likely = Math.max(lower, Math.round(promptEstimate));
      return {
        prompt: { lower, likely, upper: Math.max(likely, Math.round(promptBound)) },
        output: { lower: got, likely: got, upper: Math.max(got, most) },
      };
    }
    case 'shifted': {
      // What came after its beginning was lost may have been babble: only what filled the window is sure.
      const lower = Math.min(got, Math.max(0, (done.window ?? 0) - counted) + 1);
      return { prompt: exactly(counted), output: { lower, likely: got, upper: Math.max(got, most) } };
    }
    case 'cancelled': {
      const prompt = done.promptTokens === null ? Math.round(promptEstimate) : counted;
      const upper = done.promptTokens === null ? Math.max(prompt, Math.round(promptBound)) : counted;
      return {
        prompt: { lower: prompt, likely: prompt, upper },
        output: { lower: got, likely: got, upper: Math.max(got, most) },
      };
    }
  }
}

function exactly(tokens: number): Bounded {
  return { lower: tokens, likely: tokens, upper: tokens };
}
