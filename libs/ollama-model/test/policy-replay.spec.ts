import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { Learner, PolicyReplay, PROFILES, type PolicyReplayOptions, type SizingCost } from '../src/index.js';
import { FACTS, MODEL, replayed } from './replayed-traffic.js';

function replay(over: Partial<PolicyReplayOptions> = {}): PolicyReplay {
  return new PolicyReplay({ policy: DEFAULT_POLICY, hardware: PROFILES.gpu8, facts: FACTS, ...over });
}

const total = (cost: SizingCost): number => Object.values(cost).reduce((sum: number, part: number) => sum + part, 0);
const long = Array.from({ length: 12 }, (_, n) => replayed(n * 60, 6000, 9000));

describe('a policy replayed over counts', () => {
  it('does the same again', () => {
    const [one, other] = [replay(), replay()];
    expect(long.map((request) => one.serve(request))).toEqual(long.map((request) => other.serve(request)));
  });

  it('tells what each request added to the whole', () => {
    const replayedOnce = replay();
    const sum = long.reduce((seconds, request) => seconds + total(replayedOnce.serve(request).cost), 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeCloseTo(total(replayedOnce.cost()), 6);
  });

  it('is refused where the prompt turns out too long, and then knows the count', () => {
    const wrong = replayed(0, 20_000, 10, { features: replayed(0, 500, 1).features });
    const { attempts, step } = replay().serve(wrong);
    expect(attempts.map(({ inputs }) => inputs.promptEstimate < 20_000)).toEqual([true, false]);
    expect(step).toMatchObject({ refused: 1, outcome: 'whole' });
  });

  it('decides the first request by its need, like a gateway that knows nothing to price with', () => {
    expect(replay().serve(long[0]!).attempts[0]!.prices).toBeUndefined();
    expect(replay({ pricesFirst: true }).serve(long[0]!).attempts[0]!.prices).toBeDefined();
  });

  it('goes on from what was known before', () => {
    const learner = new Learner(MODEL);
    for (let n = 0; n < 12; n++) learner.fold(completion(n));
    const later = replayed(0, 1000, 9000);
    const warm = replay({ knowledge: learner.known(), epochMs: 2e12 });
    expect(warm.serve(later).step.outcome).toBe('whole');
    expect(replay().serve(later).step.outcome).toBe('shifted');
  });

  it('begins with the runner that was there', () => {
    const { step } = replay({ before: { numCtx: 40_960, endedAtSeconds: -10 } }).serve(long[0]!);
    expect(step).toMatchObject({ numCtx: 40_960, loaded: false });
  });

  it('learns nothing from a request whose counts are only bounds', () => {
    const unsure = replay();
    for (const request of long) unsure.serve({ ...request, teaches: false });
    const { attempts } = unsure.serve({ ...long[0]!, atSeconds: 5000 });
    expect(attempts[0]!.inputs.outputSource).toBe('default');
  });
});

function completion(n: number): Parameters<Learner['fold']>[0] {
  return {
    type: 'request.completed',
    data: {
      requestId: `before-${n}`,
      model: MODEL,
      route: 'chat',
      templateId: 'chat',
      conversation: null,
      status: 200,
      doneReason: 'stop',
      totalNs: 1e9,
      loadNs: 1e7,
      promptEvalNs: 1e9,
      evalNs: 1e11,
      promptTokens: 1000,
      cachedTokens: 0,
      outputTokens: 9000,
      window: 16_384,
      rawEstimate: 1000,
      taints: [],
      atMs: 1e12 + n * 60e3,
    },
  };
}
