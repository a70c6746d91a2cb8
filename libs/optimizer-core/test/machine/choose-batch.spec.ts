import * as fc from 'fast-check';
import { BATCH_DICE, chooseBatch } from '../../src/index.js';
import { BATCHES, type BatchArm, type BatchKnowledge } from '../../src/machine/batch-knowledge.js';

/** Seconds a token, seen so often. */
function arm(seconds: number, samples: number, over: Partial<BatchArm> = {}): BatchArm {
  return { rate: { samples, mean: Math.log(seconds), variance: 0.0004 }, loads: 1, failures: 0, ...over };
}

function choose(
  batches: BatchKnowledge,
  dice: readonly number[] = Array<number>(BATCH_DICE).fill(0.5),
  largest = null as number | null,
) {
  return chooseBatch({ batches, memoryPrice: 20, secondsPerToken: 0.002, largest }, dice);
}

const OWN = arm(1e-3, 20);

describe('the batch of a runner that is started anyway', () => {
  it("is the server's while that is not known, and none is tried", () => {
    expect(choose({})).toMatchObject({ value: null, why: 'server', candidates: [] });
    expect(choose({ auto: arm(1e-3, 7) }, [0.5, 0, 0, 0, 0]).value).toBeNull();
  });

  it('is now and then one that was never tried, by the dice, which are kept', () => {
    const lucky = [0.5, 0.5, 0.02, 0.5, 0.5];
    expect(choose({ auto: OWN })).toMatchObject({ value: null, why: 'server' });
    expect(choose({ auto: OWN }, lucky)).toMatchObject({ value: 512, why: 'tried', dice: lucky });
  });

  it('is one that was seen to be better by a margin, and not one that is better by less', () => {
    expect(choose({ auto: OWN, 2048: arm(0.8e-3, 20) })).toMatchObject({ value: 2048, why: 'better' });
    expect(choose({ auto: OWN, 2048: arm(0.97e-3, 20) }).value).toBeNull();
  });

  it('is none that ever failed to load, nor one that the memory has no room for', () => {
    expect(choose({ auto: OWN, 2048: arm(0.5e-3, 20, { failures: 1 }) }).value).not.toBe(2048);
    expect(choose({ auto: OWN, 2048: arm(0.5e-3, 20) }, undefined, 1024).value).not.toBe(2048);
  });

  it('pays for its memory: where prompts are rare, a little speed is not worth it', () => {
    const batches = { auto: OWN, 2048: arm(0.9e-3, 20) };
    const rare = { batches, memoryPrice: 200, secondsPerToken: 5, largest: null };
    expect(choose(batches).value).toBe(2048);
    expect(chooseBatch(rare, Array<number>(BATCH_DICE).fill(0.5)).value).not.toBe(2048);
  });

  it('is tried three times at most while it is not better', () => {
    const lucky = [0.999, 0.5, 0.001, 0.5, 0.5];
    expect(choose({ auto: OWN, 512: arm(1e-3, 0, { loads: 2 }) }, lucky).value).toBe(512);
    expect(choose({ auto: OWN, 512: arm(1e-3, 0, { loads: 3 }) }, lucky).value).toBeNull();
  });

  it('is the same for the same dice, and always one of those there are', () => {
    const dice = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
      minLength: BATCH_DICE,
      maxLength: BATCH_DICE,
    });
    fc.assert(
      fc.property(dice, fc.double({ min: 1e-5, max: 1, noNaN: true }), fc.nat(40), (given, seconds, samples) => {
        const batches = { auto: OWN, 256: arm(seconds, samples), 1024: arm(seconds * 2, samples) };
        const chosen = choose(batches, given);
        expect(choose(batches, given)).toEqual(chosen);
        expect([null, ...BATCHES]).toContain(chosen.value);
      }),
    );
  });
});
