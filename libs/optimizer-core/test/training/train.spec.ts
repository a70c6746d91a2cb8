import {
  beliefsOf,
  DEFAULT_POLICY,
  fitMachine,
  fitTraffic,
  train,
  type PolicyParameters,
  type RecordedRequest,
} from '../../src/index.js';
import { MODEL, sizedFeatures } from '../given.js';

function recorded(
  n: number,
  over: { model?: string; prompt?: number; output?: number; conversation?: string } = {},
): RecordedRequest {
  const exactly = (tokens: number) => ({ lower: tokens, likely: tokens, upper: tokens });
  return {
    requestId: `r${n}`,
    position: n * 2 + 1,
    endPosition: n * 2 + 2,
    model: over.model ?? MODEL,
    client: null,
    mode: 'active',
    clientWindow: 'hint',
    features: sizedFeatures(over.prompt ?? 1000),
    templateId: null,
    conversation: over.conversation ?? null,
    runner: null,
    memoryWindow: null,
    trainedContext: null,
    atMs: 1e12 + n * 30e3,
    endMs: 1e12 + n * 30e3 + 10e3,
    prompt: exactly(over.prompt ?? 1000),
    output: exactly(over.output ?? 6000),
    uncertain: null,
    happened: { window: 8192, load: null, loadSeconds: 0, refusals: 0, outcome: 'whole' },
  };
}

const long = Array.from({ length: 40 }, (_, n) => recorded(n));

describe('training', () => {
  it('fits the first answers of a model to those that models gave so far', () => {
    const fitted = fitTraffic(long, DEFAULT_POLICY)!;
    expect(fitted.beliefs.answerTokens).toBe(6000);
    expect(fitted.beliefs.needTokens).toBe(7000);
    expect(fitted.unknownOutput).toBe(6016);
    expect(fitted.beliefs.paceSeconds).toBeCloseTo(20);
  });

  it('counts each model the same, however much it is used', () => {
    const few = Array.from({ length: 10 }, (_, n) => recorded(100 + n, { model: 'other', output: 60 }));
    const { answerTokens } = fitTraffic([...long, ...few], DEFAULT_POLICY)!.beliefs;
    expect(answerTokens).toBeGreaterThan(550);
    expect(answerTokens).toBeLessThan(650);
  });

  it('learns how often and how far conversations go on', () => {
    const chats = Array.from({ length: 40 }, (_, n) =>
      recorded(n, { conversation: `c${Math.floor(n / 4)}`, prompt: 1000 * (1 + (n % 4)), output: 0 }),
    );
    const { goesOn, growth } = fitTraffic(chats, DEFAULT_POLICY)!.beliefs;
    expect(goesOn).toBeCloseTo(0.75);
    expect(growth).toBeCloseTo((3 / 1.016 + 2 / 2.016 + 1 / 3.016) / 3, 1);
  });

  it('takes a machine that is not known for one like those that were seen', () => {
    const machine = {
      loads: 3,
      loadSeconds: 4.5,
      weightsBytes: 8 * 2 ** 30,
      prefillSeconds: 0.002,
      decodeSeconds: null,
      tokensPer: null,
    };
    expect(fitMachine([machine])).toEqual({ startSeconds: 0.5, gibPerSecond: 2, prefillSeconds: 0.002 });
  });

  it('keeps what replaying says is cheaper, and nothing else', () => {
    const likesLong = (policy: PolicyParameters): number => (beliefsOf(policy).answerTokens === 6000 ? 50 : 100);
    const trained = train(DEFAULT_POLICY, long, [], likesLong);
    expect(trained).toMatchObject({ unknownOutput: 6016, headroom: DEFAULT_POLICY.headroom });
    expect(beliefsOf(trained).answerTokens).toBe(6000);
    expect(train(DEFAULT_POLICY, long, [], () => 100)).toBe(DEFAULT_POLICY);
  });

  it('does not follow gains that are too small to mean anything', () => {
    const hardly = (policy: PolicyParameters): number => (policy === DEFAULT_POLICY ? 100 : 99);
    expect(train(DEFAULT_POLICY, long, [], hardly)).toBe(DEFAULT_POLICY);
  });

  it('never touches the wishes', () => {
    let worth = 1e9;
    const trained = train(DEFAULT_POLICY, long, [], () => (worth /= 2));
    expect(trained).not.toEqual(DEFAULT_POLICY);
    expect(trained).toMatchObject({ memoryPrice: DEFAULT_POLICY.memoryPrice, shiftPrice: DEFAULT_POLICY.shiftPrice });
  });

  it('leaves the policy as it is where there is too little to go by', () => {
    expect(train(DEFAULT_POLICY, long.slice(0, 5), [], () => Math.random())).toBe(DEFAULT_POLICY);
  });
});
