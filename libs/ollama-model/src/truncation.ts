import type { ModelCard } from './models.js';
import { runnerContext, type ResolvedOptions } from './options.js';
import { MEDIA_TOKENS, mediaFrom, renderFrom, type Prompt } from './prompt.js';
import type { VersionRules } from './server-version.js';
import { joinTokens, sliceTokens, type TokenText } from './tokenizer.js';

/** What becomes of a prompt in a window. */
export type FittedPrompt =
  | {
      readonly kind: 'whole' | 'messages-dropped' | 'cut';
      /** What is left of the text, media aside. */
      readonly tokens: TokenText;
      /** Tokens that the runner counts, media included. */
      readonly count: number;
      readonly media: number;
    }
  | { readonly kind: 'refused'; readonly status: 400; readonly message: string; readonly promptTokens: number };

/** Tokens that stay of a prompt that was cut: about half the window. `keep` is k of ollama.md 3B. */
export function halfWindow(numCtx: number, keep: number): number {
  if (numCtx <= 1) return 0;
  const kept = Math.max(0, Math.min(keep, numCtx - 1));
  return numCtx - Math.max(Math.floor((numCtx - kept) / 2), 1);
}

/** The runner's own words: a JSON text, which the server puts into a string. */
export function exceedsMessage(promptTokens: number, window: number): string {
  const message = `request (${promptTokens} tokens) exceeds the available context size (${window} tokens), try increasing it`;
  const error = { code: 400, message, type: 'exceed_context_size_error', n_prompt_tokens: promptTokens, n_ctx: window };
  return JSON.stringify({ error });
}

export const CANNOT_SHIFT_MESSAGE =
  'the prompt is longer than the context length currently available to the model; shorten the prompt, ' +
  'adjust the context length in settings, or use a model with a longer context length';

export const TOO_LONG_MESSAGE = 'the input length exceeds the context length';

/** A: the first message that is kept when the oldest are dropped until the rest fits. The last one always stays. */
export function firstKeptMessage(prompt: Prompt, numCtx: number): number {
  const last = prompt.parts.length - 1;
  const fixed = prompt.opening.ends.length + prompt.closing.ends.length;
  const tokens = prompt.parts.map((part) => part.tokens.ends.length);
  let others = 0;
  let system = 0;
  let media = 0;
  const sizes: number[] = [];
  for (let i = last; i >= 0; i -= 1) {
    others += tokens[i] ?? 0;
    media += prompt.parts[i]?.media ?? 0;
    sizes[i] = others + media * MEDIA_TOKENS;
  }
  for (let i = 0; i < last; i += 1) {
    if (fixed + system + (sizes[i] ?? 0) <= numCtx) return i;
    if (prompt.parts[i]?.role === 'system') system += tokens[i] ?? 0;
  }
  return Math.max(0, last);
}

function refused(promptTokens: number, message: string): FittedPrompt {
  return { kind: 'refused', status: 400, message, promptTokens };
}

/** C and D: whoever does not cut is refused with exact counts once the prompt fills the runner's window. */
function wholeOrRefused(
  kind: 'whole' | 'messages-dropped',
  tokens: TokenText,
  media: number,
  window: number,
): FittedPrompt {
  const count = tokens.ends.length + media * MEDIA_TOKENS;
  if (count >= window) return refused(count, exceedsMessage(count, window));
  return { kind, tokens, count, media };
}

/**
 * Fits a prompt into the window of the runner that it was given: drops messages (A), cuts tokens (B)
 * or refuses (C, D), by route, by who renders the model's chats, and by `truncate`.
 */
export function fitPrompt(
  model: ModelCard,
  prompt: Prompt,
  options: ResolvedOptions,
  rules: VersionRules,
): FittedPrompt {
  const { numCtx, shift } = options.runner;
  const window = runnerContext(numCtx);
  const truncates = prompt.truncate !== false || rules.truncateFalse === 'ignored';
  const from = truncates ? firstKeptMessage(prompt, numCtx) : 0;
  const tokens = renderFrom(prompt, from);
  const media = mediaFrom(prompt, from);
  const kind = from > 0 ? 'messages-dropped' : 'whole';
  const count = tokens.ends.length;
  if (!truncates && rules.truncateFalse === 'message') {
    return count >= numCtx ? refused(count, TOO_LONG_MESSAGE) : { kind, tokens, count, media };
  }
  const neverCut = media > 0 || (prompt.route === 'chat' && model.rendering === 'gguf');
  if (!truncates || neverCut || numCtx <= 1) return wholeOrRefused(kind, tokens, media, window);
  if (count <= numCtx - 1) return { kind, tokens, count, media };
  if (!shift) return refused(count, CANNOT_SHIFT_MESSAGE);
  return { kind: 'cut', ...cutToHalf(model, tokens, options), media };
}

/** B: the first k tokens and the last ones stay, about half a window together. */
function cutToHalf(
  model: ModelCard,
  tokens: TokenText,
  options: ResolvedOptions,
): { readonly tokens: TokenText; readonly count: number } {
  const { numCtx } = options.runner;
  const length = tokens.ends.length;
  const wanted = options.request.numKeep < 0 ? length : options.request.numKeep;
  const keep = Math.min(wanted + (model.addsBos ? 1 : 0), numCtx - 1);
  const limit = halfWindow(numCtx, keep);
  const tail = sliceTokens(tokens, length - (limit - keep), length);
  const left = joinTokens([sliceTokens(tokens, 0, keep), tail]);
  return { tokens: left, count: left.ends.length };
}

/** E: what is left of a text to embed, tokens; null: refused. */
export function fitEmbedding(tokens: number, numCtx: number, truncate: boolean | null): number | null {
  if (tokens <= numCtx) return tokens;
  return truncate === false ? null : numCtx;
}

/** How an answer ends. */
export interface AnswerLength {
  /** Tokens generated. */
  readonly tokens: number;
  readonly doneReason: 'stop' | 'length';
  /** The window filled up and its oldest half was dropped at least once. */
  readonly shifted: boolean;
}

/**
 * F: the answer that a prompt of `promptTokens` gets when it would be `natural` tokens long: ended by
 * `num_predict`, or by a window that cannot be shifted, else running on past it.
 */
export function answerLength(
  natural: number,
  promptTokens: number,
  options: ResolvedOptions,
  canShift: boolean,
  limit: number,
): AnswerLength {
  const room = Math.max(1, runnerContext(options.runner.numCtx) - promptTokens);
  const wanted = Math.min(natural, limit);
  const byPrediction = limit <= natural ? 'length' : 'stop';
  if (wanted <= room) return { tokens: wanted, doneReason: byPrediction, shifted: false };
  if (!canShift) return { tokens: room, doneReason: 'length', shifted: false };
  return { tokens: wanted, doneReason: byPrediction, shifted: true };
}
