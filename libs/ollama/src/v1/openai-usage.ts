import type { NativeAnswer } from './native-answer.js';

/** Token counts as OpenAI's chat and completion routes give them. */
export function openAiUsage({ promptTokens, cachedTokens, outputTokens }: NativeAnswer): object {
  return {
    prompt_tokens: promptTokens,
    prompt_tokens_details: cachedTokens === null ? undefined : { cached_tokens: cachedTokens },
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
  };
}

export const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
