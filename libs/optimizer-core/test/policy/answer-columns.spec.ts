import * as fc from 'fast-check';
import { columnsOf, withAnswer, type AnswerSample } from '../../src/policy/answer-columns.js';
import { answerSurvival } from '../../src/policy/answers.js';

const answer = fc.record<AnswerSample>({
  template: fc.constantFrom(null, 'a', 'b', 'c'),
  prompt: fc.integer({ min: 1, max: 50_000 }),
  output: fc.integer({ min: 0, max: 5_000 }),
  increment: fc.constant(null),
  limited: fc.boolean(),
});

describe('answers as columns', () => {
  it('taken over from those before say the same as made anew', () => {
    fc.assert(
      fc.property(
        fc.array(answer, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (all, capacity) => {
          let answers: readonly AnswerSample[] = [];
          for (const one of all) {
            columnsOf(answers);
            answers = withAnswer(answers, one, capacity);
          }
          const anew = [...answers];
          expect(anew).toEqual(all.slice(-capacity));
          for (const template of [null, 'a', 'b', 'unknown']) {
            const [taken, made] = [answers, anew].map((held) => answerSurvival(held, template, 900, null));
            for (const tokens of [0, 10, 200, 3_000]) expect(taken!(tokens)).toBe(made!(tokens));
          }
        },
      ),
    );
  });
});
