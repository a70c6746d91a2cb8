import * as fc from 'fast-check';
import {
  answerKind,
  foldModel,
  foldTemplate,
  outputCurve,
  outputQuantile,
  outputSurvival,
  type RequestCompletedV1,
} from '../src/index.js';
import { chances, modelAfter, optimized, sizedFeatures, templateAfter, times, completed } from './given.js';

type Answers = readonly Partial<RequestCompletedV1>[];

const of = (count: number, outputTokens: number, promptTokens = 1000): Answers =>
  times(count, { outputTokens, promptTokens });
const cutShort = (count: number, outputTokens: number): Answers =>
  times(count, { outputTokens, doneReason: 'length', taints: ['length'] });

describe('the length of an answer', () => {
  it('is guessed with a heavy tail while nothing is known', () => {
    expect(outputSurvival(null, null, 1000, 0)).toBe(1);
    expect(outputQuantile(null, null, 1000, 0.95)).toBeGreaterThan(900);
    expect(outputSurvival(null, null, 1000, 100_000)).toBeGreaterThan(0);
  });

  it('is a chance that falls from 1 with the tokens, whatever was seen', () => {
    const answer = fc.record({
      outputTokens: fc.nat(5000),
      promptTokens: fc.integer({ min: 1, max: 50_000 }),
      doneReason: fc.constantFrom('stop', 'length'),
    });
    fc.assert(
      fc.property(
        fc.array(answer, { maxLength: 40 }),
        fc.array(answer, { maxLength: 20 }),
        fc.array(fc.nat(20_000), { maxLength: 30 }),
        (model, template, tokens) => {
          const curve = outputCurve(modelAfter(...model), templateAfter(...template), { promptTokens: 700 });
          const chance = tokens.toSorted((a, b) => a - b).map((at) => curve.survival(at));
          expect(chance.every((one) => one >= 0 && one <= 1)).toBe(true);
          expect(chance).toEqual(chance.toSorted((a, b) => b - a));
        },
      ),
    );
  });

  it('has as quantile the fewest tokens that are exceeded with no more than the chance left', () => {
    const curve = outputCurve(modelAfter(...of(30, 80), ...of(30, 400)), null, { promptTokens: 1000 });
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const tokens = curve.quantile(q);
      expect(curve.survival(tokens)).toBeLessThanOrEqual(1 - q);
      expect(curve.survival(tokens - 1)).toBeGreaterThan(1 - q);
    }
  });

  it("is the template's where that has answered, and the model's where it has not", () => {
    const model = modelAfter(...of(100, 800));
    expect(outputQuantile(model, null, 1000, 0.9)).toBe(800);
    expect(outputQuantile(model, templateAfter(...of(60, 20)), 1000, 0.9)).toBe(20);
    const few = outputQuantile(model, templateAfter(...of(3, 20)), 1000, 0.9);
    expect(few).toBeGreaterThan(20);
    expect(few).toBeLessThanOrEqual(800);
  });

  it('leaves room beyond the longest of many answers, whatever the model says of such lengths', () => {
    const model = modelAfter(...of(400, 20));
    const template = templateAfter(
      ...times(60, { promptTokens: 1000 }).map((answer, i) => ({ ...answer, outputTokens: 500 + i })),
    );
    const curve = outputCurve(model, template, { promptTokens: 1000 });
    const chance = curve.survival(559);
    expect(chance).toBeGreaterThan(0.2 / 60);
    expect(chance).toBeLessThan(1.2 / 60);
    expect(curve.survival(100_000)).toBeLessThan(chance / 10);
  });

  it('leaves hardly any where the longest came twice, unless a limit ended both', () => {
    const model = modelAfter(...of(400, 20));
    const rising = times(28, { promptTokens: 1000 }).map((answer, i) => ({ ...answer, outputTokens: 500 + i }));
    const beyond = (...longest: Answers) =>
      outputCurve(model, templateAfter(...longest, ...rising), { promptTokens: 1000 }).survival(600);
    const once = beyond(...of(1, 600), ...of(1, 499));
    expect(beyond(...of(2, 600))).toBeLessThan(once / 2);
    expect(beyond(...cutShort(2, 600))).toBeGreaterThan(0.9 * beyond(...cutShort(1, 600), ...cutShort(1, 599)));
  });

  it('follows what came last', () => {
    const drifted = modelAfter(...of(400, 100), ...of(110, 900));
    const steady = modelAfter(...of(110, 900), ...of(400, 100));
    expect(outputSurvival(drifted, null, 1000, 500)).toBeGreaterThan(1.8 * outputSurvival(steady, null, 1000, 500));
  });

  it('depends on how long the prompt is, where answers do', () => {
    const model = modelAfter(...times(40, [...of(1, 30, 200), ...of(1, 1000, 8000)]).flat());
    expect(outputQuantile(model, null, 200, 0.8)).toBe(30);
    expect(outputQuantile(model, null, 8000, 0.5)).toBe(1000);
  });

  it('takes an answer that a limit ended for one that would have gone on', () => {
    const half = [...of(50, 60), ...cutShort(50, 128)];
    const model = modelAfter(...half);
    // Half of them went past 128, and nothing says how far.
    expect(outputSurvival(model, null, 1000, 200)).toBeGreaterThan(0.2);
    expect(outputSurvival(modelAfter(...of(50, 60), ...of(50, 128)), null, 1000, 200)).toBeLessThan(0.02);
    // Where longer ones are known to end, those say how the others would have.
    const longer = modelAfter(...half, ...of(50, 300));
    expect(outputSurvival(longer, null, 1000, 300)).toBeLessThan(0.02);
    expect(outputSurvival(longer, null, 1000, 200)).toBeGreaterThan(0.55);
  });

  it('is never beyond the limit that the request sets', () => {
    const curve = outputCurve(modelAfter(...of(20, 800)), null, { promptTokens: 1000, limit: 100 });
    expect(curve.quantile(0.99)).toBe(100);
    expect([curve.survival(99), curve.survival(100)]).toEqual([expect.any(Number), 0]);
    expect(curve.survival(99)).toBeGreaterThan(0.9);
  });

  it('is another with thinking than without, and the request says which', () => {
    const thinking = sizedFeatures(1000, { think: true });
    const plain = sizedFeatures(1000, { think: false });
    let template = templateAfter();
    for (let i = 0; i < 30; i++) {
      for (const [prompt, outputTokens] of [
        [thinking, 2000],
        [plain, 50],
      ] as const) {
        template = foldTemplate(template, { type: 'request.optimized', data: optimized({ features: prompt }) });
        template = foldTemplate(template, { type: 'request.completed', data: completed({ outputTokens }) });
      }
    }
    const median = (prompt: typeof plain): number =>
      outputCurve(null, template, { promptTokens: 1000, kind: answerKind(prompt) }).quantile(0.5);
    expect([median(thinking), median(plain)]).toEqual([2000, 50]);
  });

  it('learns nothing from answers that were cut, cancelled or failed', () => {
    for (const taint of ['truncated', 'cancelled', 'failed', 'incomplete'] as const) {
      expect(modelAfter({ taints: [taint] }).answers!.outputs).toEqual([]);
    }
  });

  it('is what it was stated to be: about 99 of 100 answers are within the 99th percentile, while lengths drift', () => {
    const chance = chances(11);
    let model = modelAfter();
    let within = 0;
    for (let i = 0; i < 1500; i++) {
      const spread = Math.exp(2 * (chance() + chance() + chance() - 1.5));
      const outputTokens = Math.round((200 + i / 3) * spread);
      if (i >= 100 && outputTokens <= outputQuantile(model, null, 1000, 0.99)) within++;
      model = foldModel(model, { type: 'request.completed', data: completed({ outputTokens }) });
    }
    expect(Math.abs(within / 1400 - 0.99)).toBeLessThan(0.01);
  });
});
