import * as fc from 'fast-check';
import { estimatePrompt, rawPromptTokens } from '../src/index.js';
import { features, modelAfter, sizedFeatures, times } from './given.js';

/** Counts of a Llama 3 tokenizer, without what a chat template adds. */
const COUNTED = [
  ['The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '.repeat(8), 145],
  [Array.from({ length: 100 }, (_, i) => `word${i}`).join(' '), 200],
  ['for (let i = 0; i < rows.length; i++) {\n  total += rows[i].price * 2;\n}\n'.repeat(8), 232],
] as const;

describe('the raw token estimate', () => {
  it.each(COUNTED)('is near what a tokenizer counts (%#)', (text, counted) => {
    const around = rawPromptTokens(features('', { segments: [{ role: 'prompt', text: '' }] }));
    const raw = rawPromptTokens(features(text)) - around;
    expect(Math.abs(raw / counted - 1)).toBeLessThan(0.2);
  });

  it('counts tools, images, tokens handed back and every message', () => {
    const alone = rawPromptTokens(features('hello'));
    expect(rawPromptTokens(features('hello', { tools: '[{"name":"weather"}]' }))).toBeGreaterThanOrEqual(alone + 4);
    expect(rawPromptTokens(features('hello', { imageCount: 2 }))).toBeGreaterThan(alone + 500);
    expect(rawPromptTokens(features('hello', { contextTokens: 300 }))).toBe(alone + 300);
    const twice = [
      { role: 'user', text: 'hel' },
      { role: 'user', text: 'lo' },
    ] as const;
    expect(rawPromptTokens(features('', { segments: twice }))).toBeGreaterThan(alone + 3);
  });

  it('is nothing for what carries no prompt', () => {
    expect(rawPromptTokens(features('', { preload: true }))).toBe(0);
    expect(estimatePrompt(features('', { preload: true }), null)).toEqual({ mean: 0, bound: 0 });
  });
});

describe('the calibrated estimate', () => {
  const prompt = sizedFeatures(2000);
  const raw = rawPromptTokens(prompt);

  it('has a wide bound for a model that was never seen, and a narrow one once it is known', () => {
    const unknown = estimatePrompt(prompt, null);
    const known = estimatePrompt(prompt, modelAfter(...times(50, { promptTokens: 1000, rawEstimate: 1000 })));
    expect(unknown.bound / unknown.mean).toBeGreaterThan(1.5);
    expect(known.bound / known.mean).toBeLessThan(1.2);
  });

  it('learns how many tokens a model makes of a text', () => {
    const statistics = modelAfter(...times(50, { promptTokens: 1400, rawEstimate: 1000 }));
    expect(estimatePrompt(prompt, statistics).mean / raw).toBeCloseTo(1.4, 1);
  });

  it('does not take the few tokens around a short message for a property of the model', () => {
    const statistics = modelAfter(...times(50, { promptTokens: 24, rawEstimate: 12 }));
    expect(estimatePrompt(prompt, statistics).mean / raw).toBeLessThan(1.6);
  });

  it('keeps a bound that as good as all prompts of the learnt spread respect', () => {
    const spread = [0.8, 0.9, 1, 1.1, 1.25];
    const counts = times(10, spread).flat();
    const statistics = modelAfter(...counts.map((share) => ({ promptTokens: 1000 * share, rawEstimate: 1000 })));
    expect(estimatePrompt(prompt, statistics).bound).toBeGreaterThan(1.25 * raw);
  });

  it('keeps more for what is no language, however well prose is known', () => {
    const known = modelAfter(...times(50, { promptTokens: 1000, rawEstimate: 1000 }));
    const base64 = features('aGVsbG8gd29ybGQhIHRoaXMgaXMgYSB0ZXN0IG9mIGJhc2U2NA'.repeat(40));
    const { mean, bound } = estimatePrompt(base64, known);
    expect(bound / mean).toBeGreaterThan(1.4);
  });

  it('never puts the bound below the expectation', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 50_000 })), { maxLength: 30 }),
        (tokens, seen) => {
          const statistics = modelAfter(...seen.map(([promptTokens, rawEstimate]) => ({ promptTokens, rawEstimate })));
          const { mean, bound } = estimatePrompt(sizedFeatures(tokens), statistics);
          expect(bound).toBeGreaterThanOrEqual(mean);
        },
      ),
    );
  });
});
