import { promptBelief } from '../../src/policy/prompt-belief.js';
import { completion, stateAfter, type Answered } from './traffic.js';

const answered = (count: number, over: (index: number) => Partial<Answered>) =>
  Array.from({ length: count }, (_, index) =>
    completion({ at: index * 30, prompt: 1000, output: 100, ...over(index) }),
  );

const chanceOf = (points: ReturnType<typeof promptBelief>, low: number, high: number): number =>
  points.reduce((sum, { tokens, chance }) => sum + (tokens >= low && tokens <= high ? chance : 0), 0);

const asked = { template: 'chat', promptMean: 4700, promptBound: 5900 };

describe('how long a prompt may turn out', () => {
  it('is what the template is known to send rather than what the estimate says, where both are possible', () => {
    const cut = stateAfter(...answered(60, (index) => ({ prompt: index % 3 === 0 ? 4090 : 500 + index * 20 })));
    expect(chanceOf(promptBelief(cut, asked, null), 4090, 4090)).toBeGreaterThan(0.7);
    expect(chanceOf(promptBelief(stateAfter(), asked, null), 4090, 4090)).toBe(0);
  });

  it('is the estimate where the template never sent anything like it', () => {
    const short = stateAfter(...answered(60, () => ({ prompt: 900 })));
    expect(chanceOf(promptBelief(short, asked, null), 4000, 5600)).toBeGreaterThan(0.8);
  });

  it("is for a later turn the conversation's size and what turns add", () => {
    const turns = Array.from({ length: 20 }, (_, index) => [
      completion({ at: index * 90, prompt: 1000, output: 100, conversation: `c${index}` }),
      completion({ at: index * 90 + 30, prompt: 2600, output: 100, conversation: `c${index}` }),
    ]).flat();
    const state = stateAfter(...turns, completion({ at: 2000, prompt: 3000, output: 200, conversation: 'now' }));
    const previous = state.conversations.at(-1)!;
    expect(chanceOf(promptBelief(state, asked, previous), 4700, 4700)).toBeGreaterThan(0.7);
  });

  it('other templates say nothing of it', () => {
    const others = stateAfter(...answered(60, () => ({ prompt: 4090, template: 'other' })));
    expect(chanceOf(promptBelief(others, asked, null), 4090, 4090)).toBe(0);
  });

  it('chances add up to one', () => {
    const state = stateAfter(...answered(60, (index) => ({ prompt: 3500 + index * 40 })));
    expect(chanceOf(promptBelief(state, asked, null), 0, Infinity)).toBeCloseTo(1, 2);
  });
});
