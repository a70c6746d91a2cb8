import { decide, DEFAULT_POLICY, type DecisionInput } from '../src/index.js';
import { decisionInput, facts, modelAfter, runner, sizedFeatures, templateAfter, times } from './given.js';

const decided = (over: Partial<DecisionInput>) => decide(decisionInput(over));
const reasons = (over: Partial<DecisionInput>) =>
  decided(over).rejected.map(({ numCtx, reason }) => `${numCtx}: ${reason}`);
/** Twenty clean completions of the model: prompts of 1,000 tokens, answers of 100. */
const seen = modelAfter(...times(20, {}));

describe('with a loaded runner', () => {
  it('asks for exactly its window when it holds the need, be that no multiple of anything', () => {
    expect(decided({ runner: runner(5000) })).toMatchObject({ rule: 'stay', numCtx: 5000 });
  });

  it('never shrinks it', () => {
    const given = { runner: runner(65_536), modelStatistics: seen };
    expect(decided(given)).toMatchObject({ rule: 'stay', numCtx: 65_536 });
    expect(reasons(given)).toEqual(['2048: would do, but reloads: a loaded runner is never shrunk']);
  });

  it('grows it, with headroom, when the need is larger', () => {
    const { rule, numCtx, inputs, rejected } = decided({ runner: runner(2048), features: sizedFeatures(5000) });
    expect(rule).toBe('grow');
    expect(numCtx).toBe(Math.ceil((inputs.need * DEFAULT_POLICY.headroom) / 256) * 256);
    expect(rejected[0]).toMatchObject({ numCtx: 2048, reason: expect.stringContaining('smaller than the need of ') });
  });

  it('stays in a window of the trained size when the need is beyond it', () => {
    const given = { runner: runner(8192), facts: facts({ trainedContext: 8192 }), features: sizedFeatures(50_000) };
    expect(decided(given)).toMatchObject({ rule: 'stay', numCtx: 8192 });
  });
});

describe("where the server's window is fixed", () => {
  const fixed = facts({ windowIsFixed: true });

  it('lets the request go as it came, whatever it needs and its client wants', () => {
    const given = { facts: fixed, features: sizedFeatures(100, { numCtx: 30_000 }), clientWindow: 'exact' as const };
    expect(decided({ ...given, runner: runner(4096) })).toMatchObject({ rule: 'fixed', numCtx: null });
    expect(decided({ ...given, runner: null })).toMatchObject({ rule: 'fixed', numCtx: null, rejected: [] });
  });

  it('says what window would hold it where this one does not', () => {
    const given = { facts: fixed, runner: runner(4096), features: sizedFeatures(5000) };
    const window = Math.ceil(decided(given).inputs.need / 256) * 256;
    expect(reasons(given)).toEqual([`${window}: would hold the need, but this server's window is fixed`]);
  });
});

describe('with nothing loaded', () => {
  it("opens with what the model's recent traffic needed", () => {
    const statistics = modelAfter(...times(20, {}), { promptTokens: 20_000, rawEstimate: 20_000 });
    const { rule, numCtx } = decided({ modelStatistics: statistics });
    expect(rule).toBe('open');
    expect(numCtx).toBeGreaterThan(20_100);
    expect(numCtx).toBeLessThan(22_000);
  });

  it('opens with at least this need', () => {
    const { numCtx, inputs } = decided({ modelStatistics: seen, features: sizedFeatures(9000) });
    expect(numCtx).toBeGreaterThanOrEqual(inputs.need);
  });

  it('opens with a usual window for a model that it knows nothing of', () => {
    expect(decided({ features: sizedFeatures(10) }).numCtx).toBe(DEFAULT_POLICY.unknownWindow);
  });

  it('sizes a preload, by what the traffic needs', () => {
    const preload = sizedFeatures(0, { preload: true, messageCount: 0 });
    const statistics = modelAfter(...times(20, { promptTokens: 9000, rawEstimate: 9000 }));
    const { rule, numCtx, inputs } = decided({ features: preload, modelStatistics: statistics });
    expect(inputs.promptBound).toBe(0);
    expect(rule).toBe('open');
    expect(numCtx).toBeGreaterThan(9100);
  });
});

describe('the memory', () => {
  it('limits the headroom', () => {
    const given = { runner: runner(2048), features: sizedFeatures(4000), memoryWindow: 10_000 };
    expect(decided(given).numCtx).toBe(9984);
    expect(reasons(given).join()).toContain('room to spare beyond the 9,984 that fit the memory');
  });

  it('does not limit the need: what spills is slow, what is cut is wrong', () => {
    const given = { runner: runner(2048), features: sizedFeatures(20_000), memoryWindow: 10_000 };
    const { numCtx, inputs } = decided(given);
    expect(numCtx).toBe(Math.ceil(inputs.need / 256) * 256);
    expect(reasons(given).join()).toContain('9984: fits the memory, but is smaller than the need');
  });
});

describe("the client's own num_ctx", () => {
  const features = sizedFeatures(100, { numCtx: 30_000 });

  it('is a hint that the need overrules', () => {
    expect(decided({ features, runner: runner(8192) })).toMatchObject({ rule: 'stay', numCtx: 8192 });
    expect(reasons({ features, runner: runner(8192) })).toContain(
      "30000: the client's own value, a hint: the need decides",
    );
  });

  it('is held where it is configured as a floor', () => {
    const given = { features, clientWindow: 'floor' } as const;
    expect(decided({ ...given, runner: runner(8192) })).toMatchObject({ rule: 'grow' });
    expect(decided({ ...given, runner: runner(8192) }).numCtx).toBeGreaterThanOrEqual(30_000);
    expect(decided({ ...given, runner: runner(40_000) })).toMatchObject({ rule: 'stay', numCtx: 40_000 });
  });

  it('is sent as it is where it is configured as exact', () => {
    expect(decided({ features, clientWindow: 'exact', runner: runner(8192) })).toMatchObject({
      rule: 'client-exact',
      numCtx: 30_000,
    });
  });

  it('has nothing to be exact about when the client sent none', () => {
    expect(decided({ clientWindow: 'exact', runner: runner(8192) })).toMatchObject({ rule: 'stay', numCtx: 8192 });
  });
});

describe('what is not ours to set', () => {
  it('is left alone: models that run elsewhere, and unloads', () => {
    expect(decided({ facts: facts({ remote: true }) })).toMatchObject({ rule: 'leave', numCtx: null, rejected: [] });
    const unload = sizedFeatures(0, { preload: true, unload: true });
    expect(decided({ features: unload, runner: runner(8192) })).toMatchObject({ rule: 'leave', numCtx: null });
  });
});

describe('the room kept for the answer', () => {
  const outputOf = (over: Partial<DecisionInput>) => {
    const { outputBound, outputSource } = decided(over).inputs;
    return [outputSource, outputBound];
  };
  const answers = (count: number, outputTokens: number) => times(count, { outputTokens });

  it("is the template's 95th percentile once it has answered a few times", () => {
    const templateStatistics = templateAfter(...answers(1, 900), ...answers(59, 300));
    expect(outputOf({ modelStatistics: seen, templateStatistics })).toEqual(['template', 300]);
  });

  it("is the model's while the template's answers are few, and no less than those", () => {
    expect(outputOf({ modelStatistics: seen, templateStatistics: templateAfter(...answers(3, 40)) })).toEqual([
      'model',
      100,
    ]);
    expect(outputOf({ modelStatistics: seen, templateStatistics: templateAfter(...answers(3, 700)) })).toEqual([
      'model',
      700,
    ]);
  });

  it('is a default while nothing is known', () => {
    expect(outputOf({})).toEqual(['default', DEFAULT_POLICY.unknownOutput]);
  });

  it('takes num_predict for the upper limit that it is', () => {
    const capped = (numPredict: number) => ({ features: sizedFeatures(1000, { numPredict }), modelStatistics: seen });
    expect(outputOf(capped(20))).toEqual(['num_predict', 20]);
    expect(outputOf(capped(4096))).toEqual(['model', 100]);
    expect(outputOf({ features: sizedFeatures(1000, { numPredict: 4096 }) })).toEqual([
      'default',
      DEFAULT_POLICY.unknownOutput,
    ]);
  });

  it('takes num_predict in full where answers keep running into it', () => {
    const stopped = times(10, { outputTokens: 2000, doneReason: 'length', taints: ['length'] } as const);
    const features = sizedFeatures(1000, { numPredict: 2000 });
    const templateStatistics = templateAfter(...answers(10, 50), ...stopped);
    expect(outputOf({ features, modelStatistics: seen, templateStatistics })).toEqual(['num_predict', 2000]);
  });
});

describe('a template that somebody gave an order for', () => {
  const known = templateAfter(...times(20, {}));

  it('gets its window, be another one loaded, as far as the model was trained', () => {
    const templateStatistics = { ...known, pinned: 10_240 };
    expect(decided({ templateStatistics, runner: runner(32_768) })).toMatchObject({ rule: 'pinned', numCtx: 10_240 });
    const small = { templateStatistics, facts: facts({ trainedContext: 8192 }) };
    expect(decided(small)).toMatchObject({ rule: 'pinned', numCtx: 8192 });
  });

  it('is never cut by it: the need decides where it is larger, counted exactly or not', () => {
    const templateStatistics = { ...known, pinned: 1024 };
    expect(decided({ templateStatistics, features: sizedFeatures(5000) }).rule).not.toBe('pinned');
    expect(decided({ templateStatistics, exactPromptTokens: 2000 }).numCtx).toBeGreaterThan(2000);
  });
});
