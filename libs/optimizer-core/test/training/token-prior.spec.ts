import { decide, DEFAULT_POLICY, emptyModelStatistics, estimatePrompt, fitTokens } from '../../src/index.js';
import { EXPECTED_TOKENS } from '../../src/prompt-sizes.js';
import { afterPrompt, decisionInput, MODEL, sizedFeatures } from '../given.js';

const features = sizedFeatures(2000);
const double = EXPECTED_TOKENS.map((tokens) => 2 * tokens);

describe('tokens per text that a policy believes of models not counted yet', () => {
  it('count in full for such a model', () => {
    const usual = estimatePrompt(features, null).mean;
    expect(estimatePrompt(features, null, null, double).mean).toBeGreaterThan(usual * 1.99);
    expect(estimatePrompt(features, null, null, [...EXPECTED_TOKENS]).mean).toBe(usual);
  });

  it('give way to what the model counted', () => {
    let statistics = emptyModelStatistics(MODEL);
    for (let n = 0; n < 40; n++) {
      const own = sizedFeatures(500 + n * 100);
      statistics = afterPrompt(statistics, own, estimatePrompt(own, null).mean);
    }
    const known = estimatePrompt(features, statistics).mean;
    expect(estimatePrompt(features, statistics, null, double).mean / known).toBeLessThan(1.1);
  });

  it('reach the decision', () => {
    const of = (policy: typeof DEFAULT_POLICY) => decide(decisionInput({ policy, features })).inputs.promptEstimate;
    expect(of({ ...DEFAULT_POLICY, tokensPer: double })).toBeGreaterThan(of(DEFAULT_POLICY) * 1.9);
  });

  it('are the mean over the models that were counted', () => {
    const seen = { loads: 0, loadSeconds: 1, weightsBytes: 1, prefillSeconds: null, decodeSeconds: null };
    expect(
      fitTokens([
        { ...seen, tokensPer: [1, 4] },
        { ...seen, tokensPer: [3, 0] },
        { ...seen, tokensPer: null },
      ]),
    ).toEqual([2, 2]);
    expect(fitTokens([{ ...seen, tokensPer: null }])).toBeNull();
  });
});
