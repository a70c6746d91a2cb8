import { rawPromptTokens, type ModelFacts, type RequestFeatures } from '@rightsize/optimizer-core';
import type { ReplayedRequest } from '../src/index.js';

export const MODEL = 'm:latest';

export const FACTS: ModelFacts = {
  model: MODEL,
  trainedContext: 131_072,
  kvBytesPerToken: 131_072,
  weightsBytes: 5e9,
  modelfileNumCtx: null,
  remote: false,
  capabilities: ['completion'],
};

const EMPTY: RequestFeatures = {
  route: 'chat',
  model: MODEL,
  textBytes: 0,
  wideChars: 0,
  alphabetChars: 0,
  digitChars: 0,
  pieces: 0,
  excessLetters: 0,
  opaqueChars: 0,
  toolPieces: 0,
  systemBytes: 0,
  toolBytes: 0,
  messageCount: 1,
  contextTokens: 0,
  imageCount: 0,
  numPredict: null,
  numCtx: null,
  stream: true,
  preload: false,
  unload: false,
  think: null,
  fingerprints: [],
};

const BARE = rawPromptTokens(EMPTY);
const PER_PIECE = rawPromptTokens({ ...EMPTY, pieces: 1 }) - BARE;

/** Features that the estimator counts as so many tokens before it has learnt anything. */
export function featuresOf(tokens: number, over: Partial<RequestFeatures> = {}): RequestFeatures {
  return { ...EMPTY, pieces: Math.max(0, (tokens - BARE) / PER_PIECE), ...over };
}

export function replayed(
  atSeconds: number,
  promptTokens: number,
  outputTokens: number,
  over: Partial<ReplayedRequest> = {},
): ReplayedRequest {
  return {
    id: `r${atSeconds}`,
    atSeconds,
    features: featuresOf(promptTokens),
    templateId: 'chat',
    conversation: null,
    clientWindow: 'hint',
    promptTokens,
    outputTokens,
    cachedPrefix: 0,
    teaches: true,
    ...over,
  };
}
