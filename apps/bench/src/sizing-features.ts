import { rawPromptTokens, type RequestFeatures } from '@rightsize/optimizer-core';

import type { Arrival } from './sizing-workload.js';

/** A workload has counts and no texts: features that the estimator counts as what the file's estimator said. */
export function featuresOf(arrival: Arrival, model: string): RequestFeatures {
  const { numCtx, numPredict } = arrival;
  return { ...EMPTY, model, numCtx, numPredict, pieces: piecesOf(arrival.promptEstimate) };
}

function piecesOf(tokens: number): number {
  return Math.max(0, (tokens - AT_ZERO) / (rawPromptTokens({ ...EMPTY, pieces: 1 }) - AT_ZERO));
}

const EMPTY: RequestFeatures = {
  route: 'chat',
  model: '',
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
  messageCount: 0,
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

const AT_ZERO = rawPromptTokens(EMPTY);
