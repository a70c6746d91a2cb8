import { evaluate, NO_COST, type JudgedRequest } from '../../src/index.js';
import { seededRandom } from '../../src/training/seeded-random.js';

/** Ten requests in each session; `difference` by session, seconds. */
function judged(sessions: number, difference: (session: number) => number): JudgedRequest[] {
  return Array.from({ length: sessions * 10 }, (_, n) => {
    const session = Math.floor(n / 10);
    const active = { ...NO_COST, load: 10 };
    return { session: `s${session}`, active, candidate: { ...active, load: 10 + difference(session) / 10 } };
  });
}

describe('two policies compared on the same requests', () => {
  it('sums both costs by what they went into', () => {
    const active = { load: 1, prefix: 2, spill: 3, hold: 4, short: 5 };
    const candidate = { ...active, short: 0 };
    const compared = evaluate([
      { session: 'a', active, candidate },
      { session: 'b', active, candidate },
    ]);
    expect(compared.active).toEqual({ load: 2, prefix: 4, spill: 6, hold: 8, short: 10 });
    expect(compared).toMatchObject({ requests: 2, sessions: 2, difference: -10 });
  });

  it('finds a candidate better that saves in nearly every session', () => {
    const { verdict, interval } = evaluate(judged(30, (session) => (session % 5 === 0 ? 1 : -4)));
    expect(verdict).toBe('better');
    expect(interval[1]).toBeLessThan(0);
  });

  it('finds one worse that costs in nearly every session', () => {
    expect(evaluate(judged(30, () => 3)).verdict).toBe('worse');
  });

  it('is not taken in by one lucky session', () => {
    expect(evaluate(judged(30, (session) => (session === 4 ? -60 : 0.5))).verdict).toBe('same');
  });

  it('does not call a gain better that nobody would notice', () => {
    expect(evaluate(judged(30, () => -0.5)).verdict).toBe('same');
  });

  it('does not tell from a handful of sessions', () => {
    expect(evaluate(judged(5, () => -40)).verdict).toBe('unknown');
    expect(evaluate([])).toMatchObject({ verdict: 'unknown', difference: 0, interval: [0, 0] });
  });

  it('takes noise for a gain no more often than it says', () => {
    let taken = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const noise = Array.from({ length: 40 }, () => (random() - 0.5) * 40);
      if (
        evaluate(
          judged(40, (session) => noise[session]!),
          { resamples: 400 },
        ).verdict === 'better'
      )
        taken++;
    }
    // 2.5 % are expected; ten in 200 would be twice that.
    expect(taken).toBeLessThanOrEqual(10);
  });

  it('gives the same interval again, and another for another seed', () => {
    const noisy = judged(20, (session) => ((session * 7919) % 13) - 6);
    expect(evaluate(noisy)).toEqual(evaluate(noisy));
    expect(evaluate(noisy, { seed: 2 }).interval).not.toEqual(evaluate(noisy).interval);
  });
});
