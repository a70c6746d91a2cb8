import { factsHere, type ModelFacts } from '../../src/index.js';
import { bytesPerToken } from '../../src/machine/facts-here.js';

const GIB = 2 ** 30;
const HOUR = 3_600_000;
const FACTS: ModelFacts = {
  model: 'm',
  trainedContext: 131_072,
  kvBytesPerToken: 1000,
  kvFixedBytes: 4000,
  weightsBytes: GIB,
  modelfileNumCtx: null,
  remote: false,
  capabilities: [],
};
const F16 = { kvCacheType: 'f16', parallel: 1 } as const;

describe('the facts of a model on this server', () => {
  it('hold the cache as it is kept: its type, and once for each slot', () => {
    expect(factsHere(FACTS, [], [], F16, 0)).toMatchObject({ kvBytesPerToken: 1000, weightsBytes: GIB + 4000 });
    expect(factsHere(FACTS, [], [], { kvCacheType: 'q8_0', parallel: 1 }, 0).kvBytesPerToken).toBe(531.25);
    expect(factsHere(FACTS, [], [], { kvCacheType: 'q4_0', parallel: 4 }, 0)).toMatchObject({
      kvBytesPerToken: 1125,
      weightsBytes: GIB + 4500,
    });
  });

  it('take what a token costs from sizes that were seen, whatever was configured', () => {
    const sizes = [4096, 16_384, 131_072].map((window) => ({ window, bytes: GIB + 7350 * window }));
    expect(factsHere(FACTS, sizes, [], F16, 0).kvBytesPerToken).toBeCloseTo(7350);
    expect(factsHere({ ...FACTS, kvBytesPerToken: null }, sizes, [], F16, 0).kvBytesPerToken).toBeCloseTo(7350);
  });

  it('take nothing from sizes of windows that are nearly alike, or that shrink as windows grow', () => {
    expect(bytesPerToken([{ window: 4096, bytes: 1 }])).toBeNull();
    expect(
      bytesPerToken([
        { window: 4096, bytes: 100 },
        { window: 4352, bytes: 900_000 },
      ]),
    ).toBeNull();
    expect(
      bytesPerToken([
        { window: 4096, bytes: 100 },
        { window: 8192, bytes: 90 },
      ]),
    ).toBeNull();
  });

  it('end below a window that failed to load, for some hours', () => {
    const failures = [{ window: 32_768, atMs: 0 }];
    expect(factsHere(FACTS, [], failures, F16, HOUR)).toMatchObject({ trainedContext: 24_576, loadLimit: 24_576 });
    expect(factsHere(FACTS, [], failures, F16, 7 * HOUR)).toMatchObject({ trainedContext: 131_072, loadLimit: null });
    expect(factsHere({ ...FACTS, trainedContext: 8192 }, [], failures, F16, HOUR).trainedContext).toBe(8192);
  });
});
