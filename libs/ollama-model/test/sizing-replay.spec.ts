import * as fc from 'fast-check';
import { PROFILES, SizingReplay, referenceSlowdown, slowdown, type SizedRequest } from '../src/index.js';
import { LLAMA, SECOND, ask, machineWith } from './fixtures.js';

function sized(atSeconds: number, promptTokens: number, more: Partial<SizedRequest> = {}): SizedRequest {
  return { atSeconds, conversation: null, promptTokens, outputTokens: 100, cachedPrefix: 0, ...more };
}

describe('the replay of counts alone', () => {
  it('the first load is nobody’s fault, a change of window costs a load', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    replay.request(sized(0, 1000), [4096]);
    expect(replay.cost().load).toBe(0);
    expect(replay.request(sized(10, 1000), [8192])).toMatchObject({
      numCtx: 8192,
      reloads: 1,
      refused: 0,
      outcome: 'whole',
    });
    expect(replay.cost().load).toBeCloseTo(3.65, 9);
  });

  it('a load after keep_alive is free again', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    replay.request(sized(0, 1000), [4096]);
    expect(replay.windowAt(299)).toBe(4096);
    expect(replay.windowAt(400)).toBeNull();
    expect(replay.request(sized(400, 1000), [8192]).reloads).toBe(0);
  });

  it('a refused attempt is followed by the next, and the last one refused is a cut prompt', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    expect(replay.request(sized(0, 5000), [4096, 8192])).toMatchObject({
      numCtx: 8192,
      reloads: 1,
      refused: 1,
      outcome: 'whole',
    });
    expect(replay.request(sized(1, 9000), [8192])).toMatchObject({ refused: 1, outcome: 'cut' });
    expect(replay.cost().short).toBe(120);
  });

  it('an answer that outgrows the window is shifted', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    expect(replay.request(sized(0, 4050), [4096]).outcome).toBe('shifted');
    expect(replay.cost().short).toBe(60);
  });

  it('a reload costs the conversation its prefix', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    replay.request(sized(0, 1800, { conversation: 'a' }), [4096]);
    replay.request(sized(5, 3600, { conversation: 'a', cachedPrefix: 1800 }), [4096]);
    expect(replay.cost().prefix).toBe(0);
    replay.request(sized(10, 3700, { conversation: 'a', cachedPrefix: 3600 }), [8192]);
    expect(replay.cost().prefix).toBeCloseTo(2, 9);
  });

  it('a window that spills slows the request down, and a window that is held has its price', () => {
    const replay = new SizingReplay(PROFILES.gpu8);
    replay.request(sized(0, 1800, { outputTokens: 45 }), [32768]);
    expect(replay.cost().spill).toBeCloseTo(2 * (referenceSlowdown(PROFILES.gpu8, 32768) - 1), 9);
    replay.request(sized(102, 10), [32768]);
    expect(replay.cost().hold).toBeCloseTo((100 * 4 * 30) / 3600, 6);
  });

  it('the reference model spills as the main model of the profile does', () => {
    for (const window of [4096, 16384, 32768, 131072]) {
      expect(referenceSlowdown(PROFILES.gpu8, window)).toBeCloseTo(slowdown(PROFILES.gpu8, LLAMA, window), 6);
    }
  });

  it('reloads exactly when the machine does', () => {
    const windows = fc.array(fc.constantFrom(null, 2048, 4096, 8192, 200_000, 131_072), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(windows, (attempts) => {
        const machine = machineWith();
        const replay = new SizingReplay(PROFILES.gpu8);
        let reloads = 0;
        attempts.forEach((num_ctx, at) => {
          const request = sized(machine.nowNs / SECOND, 20, { outputTokens: 1 });
          reloads += replay.request(request, [num_ctx]).reloads;
          ask(machine, at, { options: num_ctx === null ? {} : { num_ctx }, answerTokens: 1 });
        });
        expect(machine.counters().reloads).toBe(reloads);
      }),
      { numRuns: 50 },
    );
  });
});
