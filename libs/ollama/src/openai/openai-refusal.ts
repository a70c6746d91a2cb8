import { isObject, positiveInteger, text, type JsonObject } from '../json-field.js';
import type { PromptRefusal } from '../refusal.js';

/** vLLM's words, once OpenAI's own, which some others repeat. */
const IN_WORDS = /maximum context length is (\d+) tokens.*?\((\d+) in the (?:messages|prompt)/s;

/** What an error in OpenAI's dialect says of a prompt that is longer than the window; null for every other error. */
export function readOpenAiRefusal(answer: JsonObject): PromptRefusal | null {
  const error = isObject(answer['error']) ? answer['error'] : answer;
  if (error['type'] === 'exceed_context_size_error') {
    return { promptTokens: positiveInteger(error['n_prompt_tokens']), window: positiveInteger(error['n_ctx']) };
  }
  const [, window, promptTokens] = IN_WORDS.exec(text(error['message'])) ?? [];
  return window === undefined ? null : { promptTokens: Number(promptTokens), window: Number(window) };
}
