import { isObject, text, type JsonObject } from '../json-field.js';
import { readSizeRefusal, type PromptRefusal } from '../refusal.js';

/** vLLM's words, once OpenAI's own, which some others repeat. */
const IN_WORDS = /maximum context length is (\d+) tokens.*?\((\d+) in the (?:messages|prompt)/s;

/** What an error in OpenAI's dialect says of a prompt that is longer than the window; null for every other error. */
export function readOpenAiRefusal(answer: JsonObject): PromptRefusal | null {
  const error = isObject(answer['error']) ? answer['error'] : answer;
  const counted = readSizeRefusal(error);
  if (counted) return counted;
  const [, window, promptTokens] = IN_WORDS.exec(text(error['message'])) ?? [];
  return window === undefined ? null : { promptTokens: Number(promptTokens), window: Number(window) };
}
