import type { AnswerSample, RecentSample, RunningMean, TemplateStatistics } from './statistics.js';

/** Statistics of two templates that turned out to be one. The order of their values among each other is lost. */
export function mergeTemplates(survivor: TemplateStatistics, merged: TemplateStatistics): TemplateStatistics {
  return {
    ...survivor,
    requests: survivor.requests + merged.requests,
    completions: survivor.completions + merged.completions,
    prompts: mergeSamples(survivor.prompts, merged.prompts),
    outputs: mergeSamples(survivor.outputs, merged.outputs),
    ...mergeAnswers(survivor.answers, merged.answers),
    lengthStops: mergeMeans(survivor.lengthStops, merged.lengthStops),
    firstSeenMs: earlier(survivor.firstSeenMs, merged.firstSeenMs),
    lastSeenMs: Math.max(survivor.lastSeenMs, merged.lastSeenMs),
  };
}

/** What a template knows at its start that split off another: how long prompts and answers were there. */
export function inheritTemplate(child: TemplateStatistics, parent: TemplateStatistics): TemplateStatistics {
  const { prompts, outputs, lengthStops } = parent;
  return { ...child, prompts, outputs, lengthStops, ...(parent.answers ? { answers: parent.answers } : {}) };
}

function mergeSamples(a: RecentSample, b: RecentSample): RecentSample {
  return { capacity: a.capacity, values: interleave(a.values, b.values, a.capacity) };
}

function mergeAnswers(a: AnswerSample | undefined, b: AnswerSample | undefined): { answers?: AnswerSample } {
  if (a === undefined || b === undefined) return a || b ? { answers: (a ?? b)! } : {};
  const column = (name: 'prompts' | 'outputs' | 'kinds' | 'cutShort'): readonly number[] =>
    interleave(a[name], b[name], a.capacity);
  return {
    answers: {
      capacity: a.capacity,
      prompts: column('prompts'),
      outputs: column('outputs'),
      kinds: column('kinds'),
      cutShort: column('cutShort'),
    },
  };
}

/** The most recent of both, alternately, so that a bound cuts the oldest of each. Columns stay aligned. */
function interleave(a: readonly number[], b: readonly number[], capacity: number): readonly number[] {
  const newest: number[] = [];
  for (let back = 1; newest.length < capacity && back <= Math.max(a.length, b.length); back++) {
    if (back <= a.length) newest.push(a[a.length - back]!);
    if (back <= b.length && newest.length < capacity) newest.push(b[b.length - back]!);
  }
  return newest.toReversed();
}

function mergeMeans(a: RunningMean, b: RunningMean): RunningMean {
  const samples = a.samples + b.samples;
  if (samples === 0) return a;
  const share = b.samples / samples;
  const between = a.mean - b.mean;
  return {
    samples,
    mean: a.mean + share * (b.mean - a.mean),
    variance: (1 - share) * a.variance + share * b.variance + share * (1 - share) * between * between,
  };
}

function earlier(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}
