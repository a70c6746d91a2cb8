import { jest } from '@jest/globals';
import { nextTime, NightlyRetraining, type Retrain } from '../src/retraining/nightly-retraining.js';

const at = (day: number, hours: number, minutes: number): number => new Date(2026, 2, day, hours, minutes).getTime();

describe('the next time of day', () => {
  it('is today while it is to come, else tomorrow', () => {
    expect(nextTime('03:30', at(10, 1, 0))).toBe(at(10, 3, 30));
    expect(nextTime('03:30', at(10, 3, 30))).toBe(at(11, 3, 30));
    expect(nextTime('03:30', at(10, 23, 59))).toBe(at(11, 3, 30));
  });
});

describe('nightly retraining', () => {
  let runs: number[];
  let nightly: NightlyRetraining;
  const retrain: Retrain = async (_file, nowMs) => {
    runs.push(nowMs);
    return { activated: false, says: 'nothing' };
  };

  beforeEach(() => {
    runs = [];
    jest.useFakeTimers({ now: at(10, 1, 0) });
    nightly = new NightlyRetraining('log.sqlite', { nowMs: () => Date.now() }, retrain);
  });

  afterEach(async () => {
    await nightly.stop();
    jest.useRealTimers();
  });

  it('runs once a day at its time', async () => {
    nightly.start('03:30');
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(runs).toEqual([]);
    await jest.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(runs).toEqual([at(10, 3, 30), at(11, 3, 30)]);
  });

  it('follows another time that it is given, and stops when it is given none', async () => {
    nightly.start('03:30');
    nightly.start('05:00');
    await jest.advanceTimersByTimeAsync(24 * 3_600_000);
    nightly.start(null);
    await jest.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(runs).toEqual([at(10, 5, 0)]);
  });

  it('never runs unless it is set, nor without a file', async () => {
    nightly.start(null);
    new NightlyRetraining(':memory:', { nowMs: () => Date.now() }, retrain).start('03:30');
    await jest.advanceTimersByTimeAsync(72 * 3_600_000);
    expect(runs).toEqual([]);
  });

  it('tries again the next day after it failed', async () => {
    const failing: Retrain = (_file, nowMs) => {
      runs.push(nowMs);
      return Promise.reject(new Error('disk'));
    };
    nightly = new NightlyRetraining('log.sqlite', { nowMs: () => Date.now() }, failing);
    nightly.start('03:30');
    await jest.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(runs).toHaveLength(2);
  });

  it('stops', async () => {
    nightly.start('03:30');
    await nightly.stop();
    await jest.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(runs).toEqual([]);
  });
});
