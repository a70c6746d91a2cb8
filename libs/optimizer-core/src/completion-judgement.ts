import type { Taint, TruncationDetectedV1 } from './events.js';

/** How the answer ended, and what its final chunk said; null where it did not say. */
export interface JudgementInput {
  /** HTTP status; 0 when none was received. */
  readonly status: number;
  readonly end: 'complete' | 'client-aborted' | 'upstream-failed';
  /** A final chunk (`done: true`) was seen. */
  readonly done: boolean;
  /** A line `{"error": …}` was seen in the stream, under status 200 too. */
  readonly streamError: boolean;
  readonly preload: boolean;
  readonly doneReason: string | null;
  /** Nanoseconds. */
  readonly loadNs: number | null;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  /** The window the request ran in as far as is known, tokens. */
  readonly window: number | null;
  readonly numPredict: number | null;
  /** Expected prompt tokens at the time of the decision. */
  readonly promptEstimate: number;
  /** What an earlier turn of the conversation counted, where the server may have cut; absent or null: not known. */
  readonly countedBefore?: number | null;
}

export interface Judgement {
  readonly taints: readonly Taint[];
  readonly truncation: Pick<TruncationDetectedV1, 'kind' | 'sign'> | null;
  /** The model was loaded for this request, or it waited for a load. */
  readonly reload: boolean;
}

/** `load_duration` is 1 to 110 ms without a load and at least 250 ms with one (ollama.md section 4). */
const LOAD_NS = 250_000_000;

/** A count below this share of the own estimate is a sign of a cut: estimates are not that far off. */
const FAR_BELOW = 0.6;

/** Thinking is dropped from histories, and a few tokens at the seams; what falls below this share of the last turn was cut. */
const BELOW_LAST_TURN = 0.75;

/** A cut leaves half; an honest prompt that happens to have this very count is estimated near it. */
const ABOVE_HALF = 1.25;

/** The runner holds a multiple of this, whatever was asked for (ollama.md section 1). */
const RUNNER_STEP = 256;

/** Reads what happened out of an answer: what must not teach, whether something was cut, whether it loaded. */
export function judgeCompletion(input: JudgementInput): Judgement {
  const truncation = truncationOf(input);
  const taints: Taint[] = [];
  if (input.preload) taints.push('preload');
  if (input.end === 'client-aborted') taints.push('cancelled');
  if (input.end === 'upstream-failed' || input.status === 0 || input.status >= 400 || input.streamError)
    taints.push('failed');
  else if (!input.done) taints.push('incomplete');
  if (truncation?.kind === 'prompt-cut') taints.push('truncated');
  if (truncation?.kind === 'answer-shifted') taints.push('shifted');
  if (input.doneReason === 'length') taints.push('length');
  return { taints, truncation, reload: input.loadNs !== null && input.loadNs >= LOAD_NS };
}

function truncationOf(input: JudgementInput): Judgement['truncation'] {
  const { window, promptTokens, promptEstimate } = input;
  if (window === null || promptTokens === null || !input.done || input.preload) return null;
  if (isHalfWindow(promptTokens, window) && promptEstimate > promptTokens * ABOVE_HALF)
    return { kind: 'prompt-cut', sign: 'half-window-formula' };
  // Chats lose whole messages and then fill less than the window; what could not have been cut was not.
  if (promptEstimate * FAR_BELOW > promptTokens && promptEstimate > window) {
    return { kind: 'prompt-cut', sign: 'below-estimate' };
  }
  const before = input.countedBefore ?? 0;
  if (promptTokens < before * BELOW_LAST_TURN && promptEstimate > promptTokens) {
    return { kind: 'prompt-cut', sign: 'below-last-turn' };
  }
  const output = input.outputTokens ?? 0;
  if (promptTokens + output > window) return { kind: 'answer-shifted', sign: 'beyond-window' };
  // A full window ends the answers of models that cannot shift.
  const early = input.doneReason === 'length' && output < (input.numPredict ?? Infinity);
  return early && promptTokens + output >= window - 1 ? { kind: 'answer-shifted', sign: 'beyond-window' } : null;
}

/** What the server leaves of a prompt it cuts, with and without a BOS token (ollama.md section 3B). */
function isHalfWindow(promptTokens: number, window: number): boolean {
  const held = Math.ceil(window / RUNNER_STEP) * RUNNER_STEP;
  return [window, held].some((n) =>
    [4, 5].some((keep) => promptTokens === n - Math.max(Math.floor((n - keep) / 2), 1)),
  );
}
