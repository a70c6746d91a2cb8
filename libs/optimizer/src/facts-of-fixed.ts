import type { ModelFacts } from '@rightsize/optimizer-core';

/** Facts about a model on a server that was started with one window for all. */
export function factsOfFixed(
  model: string,
  known: Partial<Pick<ModelFacts, 'trainedContext' | 'weightsBytes'>> = {},
): ModelFacts {
  return {
    model,
    trainedContext: known.trainedContext ?? null,
    kvBytesPerToken: null,
    weightsBytes: known.weightsBytes ?? null,
    modelfileNumCtx: null,
    remote: false,
    capabilities: [],
    windowIsFixed: true,
  };
}
