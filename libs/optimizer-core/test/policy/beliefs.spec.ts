import { decide, DEFAULT_BELIEFS, DEFAULT_POLICY, emptySizingState, solve } from '../../src/index.js';
import { decisionInput, MODEL } from '../given.js';
import { atMs } from './traffic.js';

const state = emptySizingState(MODEL);

function opensWith(beliefs: Partial<typeof DEFAULT_BELIEFS>): number | null {
  const policy = { ...DEFAULT_POLICY, beliefs: { ...DEFAULT_BELIEFS, ...beliefs } };
  const plan = solve(state, atMs(0), null, policy, null, null);
  const sizing = { state, plan, nowMs: atMs(0), isNew: true, conversation: null, templateId: null, refuses: true };
  return decide(decisionInput({ policy, facts: null, sizing })).numCtx;
}

describe('what a policy believes before traffic tells better', () => {
  it('opens wider where answers are believed to be long', () => {
    expect(opensWith({ answerTokens: 8000 })).toBeGreaterThan(opensWith({})!);
  });

  it('opens wider where needs are believed to be large', () => {
    expect(opensWith({ needTokens: 40_000 })).toBeGreaterThan(opensWith({})!);
  });

  it('prices loads and tokens by it', () => {
    const policy = { ...DEFAULT_POLICY, beliefs: { ...DEFAULT_BELIEFS, startSeconds: 9, prefillSeconds: 1 } };
    const { prices } = solve(state, atMs(0), null, policy, null, null);
    expect(prices.prefill).toBe(1);
    expect(prices.load(0)).toBeCloseTo(9 + 5 / DEFAULT_BELIEFS.gibPerSecond);
  });

  it('a plan of another policy is not lived on', () => {
    const coarse = { ...DEFAULT_POLICY, beliefs: { ...DEFAULT_BELIEFS, ladderStep: 2 } };
    const before = solve(state, atMs(0), null, DEFAULT_POLICY, null, null);
    expect(solve(state, atMs(0), null, coarse, null, before).rungs.length).toBeLessThan(before.rungs.length / 2);
  });
});
