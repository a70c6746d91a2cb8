import type { Pending } from './pending-requests.js';
import type { PromptCalibration, PromptLook } from './prompt-calibration.js';

/**
 * A bounded sample of the most recent values, oldest first. Recent history weighs more because old
 * values fall out; quantiles are exact over what is held.
 */
export interface RecentSample {
  readonly capacity: number;
  readonly values: readonly number[];
}

/** An exponentially weighted mean; `samples` says how far it may be trusted. */
export interface RunningMean {
  readonly samples: number;
  readonly mean: number;
  /** Exponentially weighted variance around the mean. */
  readonly variance: number;
}

/**
 * The most recent answers, oldest first, as columns: index i of each is one answer. Recent history weighs
 * more where it is read.
 */
export interface AnswerSample {
  readonly capacity: number;
  /** Prompt tokens as the server counted them. */
  readonly prompts: readonly number[];
  /** Answer tokens. */
  readonly outputs: readonly number[];
  /** What was asked for beside text, as `answerKind()` numbers it. */
  readonly kinds: readonly number[];
  /** 1: a limit ended the answer, which would have been at least this long. */
  readonly cutShort: readonly number[];
}

/** What is known of a model's traffic, folded from the log. Tokens, seconds, milliseconds since the epoch. */
export interface ModelStatistics {
  readonly model: string;
  readonly requests: number;
  readonly completions: number;
  /** Completions that taught nothing: cut, cancelled, failed. */
  readonly tainted: number;
  /** log of prompt tokens counted by the server over the raw estimate (token-estimate.ts has the exact form). */
  readonly calibration: RunningMean;
  /** How its tokenizer takes texts. Absent in rows of old. */
  readonly prompts?: PromptCalibration;
  /** Prompts that are on their way, by request id. Absent in rows of old. */
  readonly pendingPrompts?: Pending<PromptLook>;
  /** Answers that ended by themselves, tokens. */
  readonly outputs: RecentSample;
  /** Answers with the prompts they answered, those that a limit ended included. Absent in rows of old. */
  readonly answers?: AnswerSample;
  /** Kinds of the answers that are on their way (`answerKind()`), by request id. Absent in rows of old. */
  readonly pendingAnswers?: Pending<number>;
  /** Share of answers that a limit ended (1: it did, 0: it did not): of those only a lower bound is known. */
  readonly lengthStops: RunningMean;
  /** Prompt + answer, tokens. */
  readonly needs: RecentSample;
  readonly loadSeconds: RunningMean;
  /** Tokens per second. */
  readonly prefillRate: RunningMean;
  readonly decodeRate: RunningMean;
  /** Completions per window they ran in. */
  readonly windows: Readonly<Record<string, number>>;
  readonly reloads: number;
  readonly truncations: number;
  /** Prompts found cut since the last one that was counted whole: the estimate is too low by nobody knows how much. */
  readonly cutsInARow?: number;
  readonly lastSeenMs: number;
}

/** What is known of one template of one model, folded from the log. */
export interface TemplateStatistics {
  readonly templateId: string;
  readonly model: string;
  readonly requests: number;
  readonly completions: number;
  readonly prompts: RecentSample;
  /** Answers that ended by themselves, tokens. */
  readonly outputs: RecentSample;
  /** As in {@link ModelStatistics}. */
  readonly answers?: AnswerSample;
  readonly pendingAnswers?: Pending<number>;
  /** Share of answers that a limit ended, as in {@link ModelStatistics}. */
  readonly lengthStops: RunningMean;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Window that somebody wants for it, tokens; absent: the need decides. */
  readonly pinned?: number;
  /** What is known of it stays as it is, because somebody wants that. */
  readonly locked?: true;
}
