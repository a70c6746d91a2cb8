import * as fc from 'fast-check';
import { decide, DEFAULT_POLICY, solve, type TrafficEvent } from '../../src/index.js';
import { answerSurvival } from '../../src/policy/answers.js';
import { decisionInput, facts, runner, sizedFeatures } from '../given.js';
import { atMs, completion, stateAfter } from './traffic.js';

const number = fc.oneof(fc.integer({ min: -5, max: 200_000 }), fc.constantFrom(Number.NaN, Infinity, 0));
const answered = fc
  .record({
    at: fc.oneof(fc.nat(100_000), fc.constant(Number.NaN)),
    prompt: number,
    output: fc.nat(100_000),
    template: fc.constantFrom('a', 'b'),
    conversation: fc.constantFrom(null, 'x', 'y'),
    window: fc.integer({ min: 1, max: 131_072 }),
  })
  .map((one) => completion(one));

const decided = (events: readonly TrafficEvent[], prompt: number, window: number | null) => {
  const state = stateAfter(...events);
  const plan = solve(state, atMs(100_000), facts(), DEFAULT_POLICY, null, null);
  const sizing = { state, plan, nowMs: atMs(100_000), isNew: true, conversation: 'x', templateId: 'a', refuses: true };
  const features = sizedFeatures(prompt);
  return decide(decisionInput({ features, runner: window === null ? null : runner(window), sizing }));
};

const history = fc.array(answered, { maxLength: 20 });
const loadedWindow = fc.option(fc.integer({ min: 1024, max: 131_072 }));

describe('whatever was seen', () => {
  it('prices are numbers, and the window is one that the model has', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 150_000 }), loadedWindow, (events, prompt, window) => {
        const { numCtx, prices } = decided(events, prompt, window);
        expect(numCtx).toBeGreaterThan(0);
        expect(numCtx).toBeLessThanOrEqual(131_072);
        for (const { seconds } of prices ?? []) expect(seconds).not.toBeNaN();
      }),
      { numRuns: 60 },
    );
  });

  it('the same knowledge gives the same decision, and what is known survives being stored', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 50_000 }), loadedWindow, (events, prompt, window) => {
        expect(decided(events, prompt, window)).toEqual(decided(structuredClone(events), prompt, window));
        const state = stateAfter(...events);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { numRuns: 30 },
    );
  });

  it('an empty answer alone leaves a chance for one that is not, and no chance that is not a number', () => {
    const survival = answerSurvival(
      [{ template: 'a', prompt: 1, output: 0, limited: false, increment: null }],
      'a',
      1000,
      null,
    );
    expect(survival(0)).toBeGreaterThan(0);
    expect(survival(1)).toBeGreaterThan(0);
  });

  it('a longer answer is never likelier than a shorter one, and none is longer than its limit', () => {
    const sample = fc.record({
      template: fc.constantFrom('a', 'b', null),
      prompt: fc.integer({ min: 1, max: 100_000 }),
      output: fc.nat(50_000),
      increment: fc.option(fc.integer({ min: -5000, max: 5000 })),
      limited: fc.boolean(),
    });
    const question = fc.tuple(fc.array(sample, { maxLength: 40 }), fc.integer({ min: 1, max: 9000 }), fc.nat(5000));
    fc.assert(
      fc.property(question, ([answers, limit, tokens]) => {
        const survival = answerSurvival(answers, 'a', 1000, null);
        expect(survival(tokens + 1)).toBeLessThanOrEqual(survival(tokens) + 1e-12);
        expect(survival(tokens)).toBeLessThanOrEqual(1);
        expect(survival(tokens)).toBeGreaterThan(0);
        expect(answerSurvival(answers, 'a', 1000, limit)(limit)).toBe(0);
      }),
    );
  });
});
