import { isObject, positiveInteger, text } from './json-field.js';

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
  const outer = parsed(body.toString('utf8'));
  const message = isObject(outer) ? text(outer['error']) : '';
  if (message === 'the input length exceeds the context length') return { promptTokens: null, window: null };
  const inner = parsed(message);
  const error = isObject(inner) && isObject(inner['error']) ? inner['error'] : null;
  if (error === null || error['type'] !== 'exceed_context_size_error') return null;
  return { promptTokens: positiveInteger(error['n_prompt_tokens']), window: positiveInteger(error['n_ctx']) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
