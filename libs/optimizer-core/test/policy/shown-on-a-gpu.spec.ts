import { learnMemory, UNKNOWN_HARDWARE } from '../../src/policy/hardware.js';
import { runner } from '../given.js';

const GIB = 2 ** 30;

// A real 0.34.4 without a GPU showed a part of each runner on one, whatever its window: taken for a spill,
// every window seemed slow, and the policy shrank as far as it could.
describe('a runner that is shown partly on a GPU', () => {
  const partly = (window: number, sizeGib: number, gpuGib: number) =>
    runner(window, { sizeBytes: sizeGib * GIB, sizeVramBytes: gpuGib * GIB });

  it('is no spill where no runner was ever whole', () => {
    const seen = [partly(4096, 3, 2), partly(8192, 3.5, 2.2)].reduce(learnMemory, UNKNOWN_HARDWARE);
    expect(seen.spilling).toBeNull();
  });

  it('is a spill where a smaller window was whole', () => {
    const seen = [partly(4096, 7, 7), partly(32_768, 11, 8)].reduce(learnMemory, UNKNOWN_HARDWARE);
    expect(seen.spilling?.window).toBe(32_768);
  });
});
