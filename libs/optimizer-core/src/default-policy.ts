import type { PolicyParameters } from './decision.js';

/** docs/decisions/sizing-policy.md says where each number comes from, first-policy.md those of the first form. */
export const DEFAULT_POLICY: PolicyParameters = Object.freeze({
  id: 'priced-1',
  outputQuantile: 0.95,
  unknownOutput: 1024,
  minSamples: 8,
  margin: 0.02,
  marginTokens: 32,
  headroom: 1.5,
  openQuantile: 1,
  unknownWindow: 8192,
  step: 256,
  minWindow: 2048,
  memoryPrice: 20,
  shiftPrice: 120,
});
