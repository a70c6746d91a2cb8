import type { PolicyParameters } from './decision.js';

/** The first form's numbers; docs/decisions/first-policy.md says where each comes from. */
export const DEFAULT_POLICY: PolicyParameters = Object.freeze({
  id: 'first-form-1',
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
});
