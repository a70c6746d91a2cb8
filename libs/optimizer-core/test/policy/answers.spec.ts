import type { AnswerSample } from '../../src/policy/answer-columns.js';
import { answerSurvival } from '../../src/policy/answers.js';

const sample = (prompt: number, output: number, template = 'a'): AnswerSample => ({
  template,
  prompt,
  output,
  increment: null,
  limited: false,
});

describe('how long an answer may turn out', () => {
  it('is told by answers to prompts of like length, once there are many of them', () => {
    const answers = Array.from({ length: 300 }, (_, index) =>
      index % 5 === 0 ? sample(4000, 80 + (index % 40)) : sample(500, 500 + (index % 300)),
    );
    expect(answerSurvival(answers, 'a', 4000, null)(600)).toBeLessThan(0.06);
    expect(answerSurvival(answers, 'a', 500, null)(600)).toBeGreaterThan(0.3);
  });

  it('is not forgotten for what another template answers in between', () => {
    const rare = Array.from({ length: 10 }, () => sample(1000, 3000));
    const often = Array.from({ length: 900 }, () => sample(1000, 20, 'b'));
    expect(answerSurvival([...rare, ...often], 'a', 1000, null)(2500)).toBeGreaterThan(0.4);
  });
});
