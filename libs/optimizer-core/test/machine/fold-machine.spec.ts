import { emptyMachineState, foldMachine, type TrafficEvent, type MachineState } from '../../src/index.js';
import { armOf } from '../../src/machine/batch-knowledge.js';
import { golden } from '../given-events.js';

const MODEL = golden('request.optimized').data.model;
const optimized = golden('request.optimized');
const completed = golden('request.completed');
const failed = golden('runner.load-failed');

function fold(...events: readonly TrafficEvent[]): MachineState {
  return events.reduce(foldMachine, emptyMachineState(MODEL));
}

function shown(window: number, sizeBytes: number | null): TrafficEvent {
  const runner = { window, source: 'ps' as const, sizeBytes, sizeVramBytes: 0, expiresAtMs: null };
  return { type: 'request.optimized', data: { ...optimized.data, runner } };
}

function answered(window: number, over: Partial<(typeof completed)['data']> = {}): TrafficEvent {
  return { type: 'request.completed', data: { ...completed.data, window, ...over } };
}

function failing(window: number | null, numBatch: number | null = null): TrafficEvent {
  return { type: 'runner.load-failed', data: { ...failed.data, window, numBatch } };
}

describe('what is seen of a machine', () => {
  it('is the last size of each window, and nothing where the server gave none', () => {
    const { sizes } = fold(shown(8192, 300), shown(4096, 100), shown(8192, 200), shown(2048, null));
    expect(sizes).toEqual([
      { window: 4096, bytes: 100 },
      { window: 8192, bytes: 200 },
    ]);
  });

  it('keeps the sizes of a dozen windows, the largest ones', () => {
    const { sizes } = fold(...Array.from({ length: 20 }, (_, i) => shown(1024 * (i + 1), i + 1)));
    expect(sizes).toHaveLength(12);
    expect(sizes.at(-1)).toEqual({ window: 20_480, bytes: 20 });
  });

  it('remembers a window that failed to load until one as large has answered', () => {
    expect(fold(failing(8192)).failures).toMatchObject([{ window: 8192 }]);
    expect(fold(failing(8192), answered(6144)).failures).toHaveLength(1);
    expect(fold(failing(8192), answered(8192)).failures).toEqual([]);
    expect(fold(failing(8192), answered(16_384, { status: 500, doneReason: null })).failures).toHaveLength(1);
  });

  it('blames a batch that was tried before the window', () => {
    const state = fold(failing(8192, 2048));
    expect(state.failures).toEqual([]);
    expect(armOf(state.batches, 2048).failures).toBe(1);
  });

  it('learns the prefill of a batch from untainted answers to prompts that were not cached', () => {
    const long = { numBatch: 1024, promptTokens: 1000, cachedTokens: 0, promptEvalNs: 1e9 };
    const learnt = armOf(fold(answered(4096, long)).batches, 1024).rate;
    expect(learnt.samples).toBe(1);
    expect(learnt.mean).toBeCloseTo(Math.log(1 / 1000));
    for (const spoilt of [{ cachedTokens: null }, { cachedTokens: 900 }, { taints: ['truncated' as const] }]) {
      expect(armOf(fold(answered(4096, { ...long, ...spoilt })).batches, 1024).rate.samples).toBe(0);
    }
  });

  it('knows what the runner was last started with', () => {
    const { data } = optimized;
    const numBatch = { value: 512, why: 'tried' as const, candidates: [], dice: [] };
    const open = { ...data, imposed: true, runner: null, decision: { ...data.decision, numCtx: 6144 }, numBatch };
    const state = fold({ type: 'request.optimized', data: open });
    expect(state.lastLoad).toEqual({ window: 6144, numBatch: 512 });
    expect(armOf(state.batches, 512).loads).toBe(1);
    expect(fold({ type: 'request.optimized', data: { ...open, imposed: false } }).lastLoad).toBeNull();
  });

  it('is not changed by events of other models', () => {
    const state = emptyMachineState('another');
    expect([failing(8192), answered(8192), shown(8192, 5)].reduce(foldMachine, state)).toBe(state);
  });
});
