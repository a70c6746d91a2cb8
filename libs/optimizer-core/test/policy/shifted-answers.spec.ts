import { DEFAULT_POLICY, emptyTemplateStatistics, foldTemplate } from '../../src/index.js';
import { boundOutput } from '../../src/output-bound.js';
import { MODEL, sizedFeatures } from '../given.js';
import { completion, stateAfter } from './traffic.js';
import { answerSurvival } from '../../src/policy/answers.js';

const usual = Array.from({ length: 20 }, (_, index) => completion({ at: index * 30, prompt: 1000, output: 200 }));
const shifted = completion({ at: 700, prompt: 1000, output: 3300, window: 4096 }, { taints: ['shifted'] });

describe('an answer that outgrew its window', () => {
  it('is kept as one that needed at least this much, not as a normal one', () => {
    expect(stateAfter(...usual, shifted).answers.at(-1)).toMatchObject({ output: 3300, limited: true });
  });

  it('makes longer answers likelier, beyond its own length too', () => {
    const chance = (...events: typeof usual) => answerSurvival(stateAfter(...events).answers, 'chat', 1000, null)(5000);
    expect(chance(...usual, shifted)).toBeGreaterThan(2 * chance(...usual));
  });

  it('is what the next window of its kind holds', () => {
    const [needed] = stateAfter(...usual, shifted).units.at(-1)!.needs;
    expect(needed).toBeGreaterThanOrEqual(4300);
  });

  it("grows the template's bound when it happens again and again", () => {
    const bound = (...events: typeof usual) => {
      const template = events.reduce(foldTemplate, emptyTemplateStatistics('chat', MODEL));
      return boundOutput(DEFAULT_POLICY, sizedFeatures(1000), template, null).tokens;
    };
    expect(bound(...usual, shifted, shifted, shifted)).toBeGreaterThan(bound(...usual));
  });
});
