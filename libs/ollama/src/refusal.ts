import { isObject, jsonOrNull, positiveInteger, text, type JsonObject } from './json-field.js';

/** The server would not cut a prompt that does not fit its window. Tokens; null where it gave no numbers. */
export interface PromptRefusal {
  readonly promptTokens: number | null;
  /** What the runner holds: a multiple of 256, at least what was asked for. */
  readonly window: number | null;
}

/**
 * Reads the body of a 400 (ollama.md sections 3C and 3D): JSON inside a string with exact counts, or
 * the sentence of older servers. Null for every other error.
 */
export function parseRefusal(body: Buffer): PromptRefusal | null {
  const outer = jsonOrNull(body.toString('utf8'));
  const message = isObject(outer) ? text(outer['error']) : '';
  if (message === 'the input length exceeds the context length') return { promptTokens: null, window: null };
  const inner = jsonOrNull(message);
  return isObject(inner) && isObject(inner['error']) ? readSizeRefusal(inner['error']) : null;
}

/** The server's runner counts exactly, and says so in an error of its own kind; null for every other error. */
export function readSizeRefusal(error: JsonObject): PromptRefusal | null {
  if (error['type'] !== 'exceed_context_size_error') return null;
  return { promptTokens: positiveInteger(error['n_prompt_tokens']), window: positiveInteger(error['n_ctx']) };
}
