import { decodeNsPerToken, prefillNs } from './costs.js';
import type { Hardware } from './hardware.js';
import type { Answering, FinalChunk, Outcome, Work } from './job.js';
import { boundedNumPredict, type ResolvedOptions } from './options.js';
import type { Job, Runner } from './runner.js';
import type { VersionRules } from './server-version.js';
import { joinTokens, sliceTokens } from './tokenizer.js';
import { TOO_LONG_MESSAGE, answerLength, fitEmbedding, fitPrompt } from './truncation.js';

/** What happens to a request once it has a slot. */
export type Service =
  | { readonly kind: 'refused'; readonly outcome: Outcome }
  | {
      readonly kind: 'runs';
      readonly prefillNs: number;
      readonly decodeNs: number;
      /** Null when nothing is generated. */
      readonly answering: Answering | null;
      readonly final: Omit<FinalChunk, 'totalNs' | 'loadNs'>;
    };

function error(status: number, message: string): Service {
  return { kind: 'refused', outcome: { kind: 'error', status, message } };
}

/** Fits the prompt into the runner's window, looks it up in the prefix cache of `slot`, and says how long all takes. */
function complete(
  hardware: Hardware,
  rules: VersionRules,
  runner: Runner,
  slot: number,
  job: Job,
  work: Extract<Work, { kind: 'completion' }>,
): Service {
  const { model } = job.submission;
  const options: ResolvedOptions = { runner: runner.options, request: job.submission.options.request };
  const fitted = fitPrompt(model, work.prompt, options, rules);
  if (fitted.kind === 'refused') return error(fitted.status, fitted.message);
  const cached = runner.cache.begin(slot, fitted.tokens);
  const ownChat = work.prompt.route === 'chat' && model.rendering === 'gguf';
  const zeroMeans = ownChat ? 'one token' : 'no limit';
  const limit = boundedNumPredict(options.request.numPredict, runner.options.numCtx, zeroMeans);
  const canShift = runner.options.shift && model.shiftable && fitted.media === 0;
  const length = answerLength(work.answer.ends.length, fitted.count, options, canShift, limit);
  const tokens = sliceTokens(work.answer, 0, length.tokens);
  const nsPerToken = decodeNsPerToken(hardware, model, runner.slow);
  const decodeNs = Math.round(nsPerToken * length.tokens);
  const prefill = prefillNs(hardware, model, fitted.count - cached, runner.slow);
  return {
    kind: 'runs',
    prefillNs: prefill,
    decodeNs,
    answering: { promptTokens: fitted.count, cachedTokens: cached, length, nsPerToken, tokens },
    final: {
      doneReason: length.doneReason,
      promptTokens: fitted.count,
      cachedTokens: cached,
      prefillNs: prefill,
      outputTokens: length.tokens,
      decodeNs,
      numCtx: runner.options.numCtx,
      prompt: fitted,
      shifted: length.shifted,
    },
  };
}

function embed(hardware: Hardware, runner: Runner, job: Job, work: Extract<Work, { kind: 'embedding' }>): Service {
  let tokens = 0;
  for (const input of work.inputs) {
    const left = fitEmbedding(input, runner.options.numCtx, work.truncate);
    if (left === null) return error(400, TOO_LONG_MESSAGE);
    tokens += left;
  }
  const prefill = prefillNs(hardware, job.submission.model, tokens, runner.slow);
  return {
    kind: 'runs',
    prefillNs: prefill,
    decodeNs: 0,
    answering: null,
    final: {
      doneReason: 'stop',
      promptTokens: tokens,
      cachedTokens: 0,
      prefillNs: prefill,
      outputTokens: 0,
      decodeNs: 0,
      numCtx: runner.options.numCtx,
      prompt: null,
      shifted: false,
    },
  };
}

/** Serves a request that needs a slot. */
export function serve(
  hardware: Hardware,
  rules: VersionRules,
  runner: Runner,
  slot: number,
  job: Job,
  work: Exclude<Work, { kind: 'load' }>,
): Service {
  return work.kind === 'completion'
    ? complete(hardware, rules, runner, slot, job, work)
    : embed(hardware, runner, job, work);
}

/** Leaves prompt and answer in the slot, so that the conversation's next turn finds them. */
export function remember(
  runner: Runner,
  slot: number,
  final: Omit<FinalChunk, 'totalNs' | 'loadNs'>,
  answer: Answering,
): void {
  if (final.prompt === null || final.prompt.kind === 'refused') return;
  runner.cache.end(slot, joinTokens([final.prompt.tokens, answer.tokens]));
}

/** The final chunk of a request that only loads its model. */
export function loadOnly(runner: Runner, totalNs: number, loadNs: number): FinalChunk {
  return {
    doneReason: 'load',
    totalNs,
    loadNs,
    promptTokens: 0,
    cachedTokens: 0,
    prefillNs: 0,
    outputTokens: 0,
    decodeNs: 0,
    numCtx: runner.options.numCtx,
    prompt: null,
    shifted: false,
  };
}
