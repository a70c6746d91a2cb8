import type { FinishedAnswer } from '../engine/answer-writer.js';

/** Token counts as OpenAI's chat and completion routes give them. */
export function openAiUsage(answer: FinishedAnswer): object {
  const { promptTokens, outputTokens } = answer.final;
  return {
    prompt_tokens: promptTokens,
    prompt_tokens_details: answer.cachedTokens === null ? undefined : { cached_tokens: answer.cachedTokens },
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
  };
}

export const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
