import { answerKind, emptyAnswers, pushAnswer } from './answer-sample.js';
import type { TrafficEvent, RequestCompletedV1, RequestRefusedV1, RequestOptimizedV1, Taint } from './events.js';
import { forget, pendingOf, remember, type Pending } from './pending-requests.js';
import { emptySample, pushSample } from './recent-sample.js';
import { EMPTY_MEAN, updateMean } from './running-mean.js';
import type { AnswerSample, ModelStatistics, RunningMean, TemplateStatistics } from './statistics.js';
import { UNCALIBRATED } from './prompt-calibration.js';
import { calibrate, learnPrompt, lookOf } from './token-estimate.js';

const MODEL_SAMPLE = 512;
const TEMPLATE_SAMPLE = 128;
/** A map that clients fill with values of their own must not grow without bound. */
const MAX_WINDOWS = 64;
/** Fewer tokens than this say more about overhead than about a rate. */
const RATE_TOKENS = 16;
const NS_PER_S = 1e9;
/** No tokenizer is further off than what so many cuts add to the bound. */
const MAX_CUTS = 4;

export function emptyModelStatistics(model: string): ModelStatistics {
  return {
    model,
    requests: 0,
    completions: 0,
    tainted: 0,
    calibration: EMPTY_MEAN,
    prompts: UNCALIBRATED,
    pendingPrompts: [],
    outputs: emptySample(MODEL_SAMPLE),
    answers: emptyAnswers(MODEL_SAMPLE),
    pendingAnswers: [],
    lengthStops: EMPTY_MEAN,
    needs: emptySample(MODEL_SAMPLE),
    loadSeconds: EMPTY_MEAN,
    prefillRate: EMPTY_MEAN,
    decodeRate: EMPTY_MEAN,
    windows: {},
    reloads: 0,
    truncations: 0,
    lastSeenMs: 0,
  };
}

/** Folds one event into what is known of a model. Events of other models change nothing. */
export function foldModel(statistics: ModelStatistics, event: TrafficEvent): ModelStatistics {
  if (event.data.model !== statistics.model) return statistics;
  const seen = { ...statistics, lastSeenMs: Math.max(statistics.lastSeenMs, event.data.atMs) };
  switch (event.type) {
    case 'request.optimized':
      return {
        ...seen,
        requests: seen.requests + 1,
        pendingAnswers: awaitAnswer(seen, event.data),
        pendingPrompts: remember(
          seen.pendingPrompts,
          event.data.requestId,
          lookOf(event.data.features, event.data.templateId),
        ),
      };
    case 'request.completed':
      return foldCompletion(seen, event.data);
    case 'runner.reloaded':
      return {
        ...seen,
        reloads: seen.reloads + (event.data.cause === 'first' ? 0 : 1),
        loadSeconds: updateMean(seen.loadSeconds, event.data.loadNs / NS_PER_S),
      };
    case 'truncation.detected':
      return {
        ...seen,
        truncations: seen.truncations + 1,
        cutsInARow: Math.min(MAX_CUTS, (seen.cutsInARow ?? 0) + (event.data.kind === 'prompt-cut' ? 1 : 0)),
      };
    case 'request.refused':
      return foldRefusal(seen, event.data);
    case 'template.detected':
    case 'template.split':
    case 'templates.merged':
    case 'template.evicted':
    case 'runner.load-failed':
      return statistics;
    default:
      return event satisfies never;
  }
}

/** A refusal costs nothing and counts exactly. */
function foldRefusal(statistics: ModelStatistics, refused: RequestRefusedV1): ModelStatistics {
  if (refused.promptTokens === null) return statistics;
  return { ...statistics, calibration: calibrate(statistics.calibration, refused.rawEstimate, refused.promptTokens) };
}

function foldCompletion(statistics: ModelStatistics, done: RequestCompletedV1): ModelStatistics {
  const counted = {
    ...statistics,
    completions: statistics.completions + 1,
    tainted: statistics.tainted + (done.taints.some(spoils) ? 1 : 0),
    pendingAnswers: forget(statistics.pendingAnswers, done.requestId),
    pendingPrompts: forget(statistics.pendingPrompts, done.requestId),
  };
  const lesson = lessonOf(done);
  if (lesson === null) return counted;
  const look = pendingOf(statistics.pendingPrompts, done.requestId) ?? null;
  const learnt = {
    cutsInARow: 0,
    answers: learnAnswer(statistics, MODEL_SAMPLE, done, lesson),
    windows: countWindow(counted.windows, done.window),
    prompts: learnPrompt(counted.prompts, look, done.rawEstimate, lesson.promptTokens),
    calibration: calibrate(counted.calibration, done.rawEstimate, lesson.promptTokens),
    lengthStops: updateMean(counted.lengthStops, lesson.complete ? 0 : 1),
    prefillRate: learnRate(counted.prefillRate, newTokens(done, lesson.promptTokens), done.promptEvalNs),
    decodeRate: learnRate(counted.decodeRate, lesson.outputTokens, done.evalNs),
  };
  if (!lesson.complete) return { ...counted, ...learnt };
  return {
    ...counted,
    ...learnt,
    outputs: pushSample(counted.outputs, lesson.outputTokens),
    needs: pushSample(counted.needs, lesson.promptTokens + lesson.outputTokens),
  };
}

export function emptyTemplateStatistics(templateId: string, model: string): TemplateStatistics {
  return {
    templateId,
    model,
    requests: 0,
    completions: 0,
    prompts: emptySample(TEMPLATE_SAMPLE),
    outputs: emptySample(TEMPLATE_SAMPLE),
    answers: emptyAnswers(TEMPLATE_SAMPLE),
    pendingAnswers: [],
    lengthStops: EMPTY_MEAN,
    firstSeenMs: 0,
    lastSeenMs: 0,
  };
}

/** Folds one event into what is known of a template. Events of others change nothing. */
export function foldTemplate(statistics: TemplateStatistics, event: TrafficEvent): TemplateStatistics {
  if (event.type === 'runner.reloaded' || event.type === 'runner.load-failed') return statistics;
  if (event.data.templateId !== statistics.templateId || event.data.model !== statistics.model) return statistics;
  const { atMs } = event.data;
  const seen = {
    ...statistics,
    firstSeenMs: statistics.firstSeenMs === 0 ? atMs : Math.min(statistics.firstSeenMs, atMs),
    lastSeenMs: Math.max(statistics.lastSeenMs, atMs),
  };
  switch (event.type) {
    case 'template.detected':
    case 'template.split':
    case 'truncation.detected':
    case 'request.refused':
      return seen;
    case 'templates.merged':
    case 'template.evicted':
      return statistics;
    case 'request.optimized':
      return { ...seen, requests: seen.requests + 1, pendingAnswers: awaitAnswer(seen, event.data) };
    case 'request.completed':
      return foldTemplateCompletion({ ...seen, completions: seen.completions + 1 }, event.data);
    default:
      return event satisfies never;
  }
}

function foldTemplateCompletion(statistics: TemplateStatistics, done: RequestCompletedV1): TemplateStatistics {
  const lesson = lessonOf(done);
  const ended = { ...statistics, pendingAnswers: forget(statistics.pendingAnswers, done.requestId) };
  if (lesson === null) return ended;
  return {
    ...ended,
    answers: learnAnswer(statistics, TEMPLATE_SAMPLE, done, lesson),
    prompts: pushSample(statistics.prompts, lesson.promptTokens),
    lengthStops: updateMean(statistics.lengthStops, lesson.complete ? 0 : 1),
    outputs: lesson.complete ? pushSample(statistics.outputs, lesson.outputTokens) : statistics.outputs,
  };
}

/** Both rows keep it: each folds by itself, and a completion does not say what was asked for. */
type Answering = Pick<ModelStatistics, 'answers' | 'pendingAnswers'>;

function awaitAnswer(statistics: Answering, { requestId, features }: RequestOptimizedV1): Pending<number> {
  return remember(statistics.pendingAnswers, requestId, answerKind(features));
}

function learnAnswer(
  { answers, pendingAnswers }: Answering,
  capacity: number,
  done: RequestCompletedV1,
  { promptTokens, outputTokens, complete }: Lesson,
): AnswerSample {
  const kind = pendingOf(pendingAnswers, done.requestId) ?? 0;
  return pushAnswer(answers ?? emptyAnswers(capacity), { promptTokens, outputTokens, cutShort: !complete, kind });
}

interface Lesson {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** The answer ended by itself; otherwise it needs at least its length: a limit ended it, or it outgrew its window. */
  readonly complete: boolean;
}

/** What a completion may teach; null when it is tainted or says too little (zeros are omitted by the server). */
function lessonOf(done: RequestCompletedV1): Lesson | null {
  if (done.taints.some((taint) => spoils(taint) && taint !== 'shifted') || done.taints.includes('preload')) return null;
  if (done.promptTokens === null || done.promptTokens <= 0) return null;
  return {
    promptTokens: done.promptTokens,
    outputTokens: done.outputTokens ?? 0,
    complete: !done.taints.includes('length') && !done.taints.includes('shifted') && done.doneReason !== 'length',
  };
}

/** A length stop leaves the prompt's count true, and a preload spoils nothing: it says nothing. */
function spoils(taint: Taint): boolean {
  return taint !== 'length' && taint !== 'preload';
}

/** Tokens that the prefill duration covers; null when the server does not say how many were cached. */
function newTokens(done: RequestCompletedV1, promptTokens: number): number | null {
  return done.cachedTokens === null ? null : promptTokens - done.cachedTokens;
}

function learnRate(rate: RunningMean, tokens: number | null, ns: number | null): RunningMean {
  if (tokens === null || tokens < RATE_TOKENS || ns === null || ns <= 0) return rate;
  return updateMean(rate, (tokens * NS_PER_S) / ns);
}

function countWindow(
  windows: Readonly<Record<string, number>>,
  window: number | null,
): Readonly<Record<string, number>> {
  if (window === null) return windows;
  const counted: Record<string, number> = { ...windows, [window]: (windows[window] ?? 0) + 1 };
  const keys = Object.keys(counted);
  if (keys.length > MAX_WINDOWS) {
    const others = keys.filter((key) => key !== String(window));
    const rarest = others.reduce((least, key) => (counted[key]! < counted[least]! ? key : least));
    delete counted[rarest];
  }
  return counted;
}
