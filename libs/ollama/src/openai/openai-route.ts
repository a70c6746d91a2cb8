import type { InferenceRoute } from '@rightsize/optimizer-core';

/** Paths of servers in OpenAI's dialect that ask a model for text; llama-server serves them without `/v1` too. */
const BY_PATH: ReadonlyMap<string, InferenceRoute> = new Map([
  ['/v1/chat/completions', 'chat'],
  ['/chat/completions', 'chat'],
  ['/v1/completions', 'generate'],
  ['/completions', 'generate'],
  // llama-server's own, nearly the same.
  ['/completion', 'generate'],
]);

/** What kind of request comes on exactly this path (without query); null for every other. */
export function openAiRouteOf(path: string): InferenceRoute | null {
  return BY_PATH.get(path) ?? null;
}
