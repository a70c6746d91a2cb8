import { DEFAULT_POLICY, decide, solve, type SizingState } from '../../src/index.js';
import { decisionInput, facts } from '../given.js';
import { atMs, completion, loaded, stateAfter } from './traffic.js';

const BATCH = 30;

/** Days of which each has a batch of long prompts, and hours of short ones by somebody else. */
function days(count: number): SizingState {
  const events = Array.from({ length: count }, (_unused, day) => {
    const start = day * 86_400;
    const long = Array.from({ length: BATCH }, (_, index) =>
      completion({ at: start + index * 20, prompt: 24_000 + (index % 5) * 500, output: 500, template: 'batch' }),
    );
    const short = Array.from({ length: BATCH }, (_, index) =>
      completion({ at: start + 7200 + index * 200, prompt: 400 + (index % 5) * 20, output: 60, template: 'notes' }),
    );
    return [...long, ...short];
  });
  return stateAfter(loaded(4096, 4), ...events.flat());
}

function opens(state: SizingState, templateId: string, prompt: number): number {
  const nowMs = atMs(20 * 86_400);
  const plan = solve(state, nowMs, facts(), DEFAULT_POLICY, null, null);
  const sizing = { state, plan, nowMs, isNew: true, conversation: null, templateId, refuses: true };
  return decide(decisionInput({ exactPromptTokens: prompt, sizing })).numCtx!;
}

describe('demand', () => {
  it('is what usually comes after the one who calls now: a batch that comes another time is not held room for', () => {
    const state = days(3);
    expect(opens(state, 'notes', 450)).toBeLessThan(4096);
    expect(opens(state, 'batch', 24_000)).toBeGreaterThan(24_000);
  });

  it('counts on the batch where its calls come right after the short ones', () => {
    const mixed = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? completion({ at: index * 20, prompt: 24_000, output: 500, template: 'batch' })
        : completion({ at: index * 20, prompt: 400, output: 60, template: 'notes' }),
    );
    expect(opens(stateAfter(loaded(4096, 4), ...mixed), 'notes', 450)).toBeGreaterThan(24_000);
  });

  it('keeps how long the runner was held after each unit, and whether it expired', () => {
    const { units } = stateAfter(
      completion({ at: 100, prompt: 500, output: 50 }),
      completion({ at: 141, prompt: 500, output: 50 }),
      completion({ at: 900, prompt: 500, output: 50 }),
    );
    expect(units.map(({ heldSeconds, expired }) => [heldSeconds, expired])).toEqual([
      [40, false],
      [300, true],
      [0, false],
    ]);
  });
});
