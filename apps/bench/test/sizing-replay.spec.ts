import * as fc from 'fast-check';
import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { CARD } from '../src/sizing-made.js';
import { replay } from '../src/sizing-replay.js';
import type { Workload } from '../src/sizing-workload.js';

const hardware: Workload['hardware'] = { ...CARD, memory_price_s: 20 };

type Request = Workload['requests'][number];

function asked(id: string, over: Partial<Request['arrival'] & Request['outcome']> = {}): Request {
  const all = {
    id,
    t: 0,
    promptEstimate: 1000,
    numCtx: null,
    numPredict: null,
    template: null,
    promptTokens: 1000,
    outputTokens: 100,
    cachedPrefix: 0,
    conversation: null,
    ...over,
  };
  const { promptTokens, outputTokens, cachedPrefix, ...arrival } = all;
  return { arrival, outcome: { promptTokens, outputTokens, cachedPrefix } };
}

const replayed = (...requests: readonly Request[]) => replay({ hardware, requests }, DEFAULT_POLICY);
const windows = (...requests: readonly Request[]) =>
  replayed(...requests).decisions.map(({ attempts }) => attempts.map(({ numCtx }) => numCtx));

describe('replaying a workload', () => {
  it('asks for more when a prompt is refused, and counts neither a cut nor a load for the refusal', () => {
    const surprising = asked('2', { t: 10, promptEstimate: 1000, promptTokens: 60_000 });
    const [, attempts] = windows(asked('1'), surprising);
    expect(attempts).toHaveLength(2);
    expect(attempts![1]).toBeGreaterThan(60_000);
    expect(replayed(asked('1'), surprising).tally).toMatchObject({ refused: 1, reloads: 1, cut: 0 });
  });

  it('opens anew for nothing after the runner has expired', () => {
    const { decisions, tally } = replayed(asked('1'), asked('2', { t: 10 }), asked('3', { t: 600 }));
    expect(decisions[2]!.attempts[0]!.rule).toBe('open');
    expect(tally.reloads).toBe(decisions[1]!.attempts[0]!.rule === 'stay' ? 0 : 1);
  });

  it('estimates what the file says was estimated', () => {
    const { decisions } = replay({ hardware, requests: [asked('1', { promptEstimate: 1234 })] }, DEFAULT_POLICY);
    expect(decisions[0]!.attempts[0]!.inputs.promptEstimate).toBe(1234);
  });

  it('counts answers that outgrow their window', () => {
    expect(replayed(asked('1', { outputTokens: 130_000 })).tally).toMatchObject({ cut: 0, shifted: 1 });
  });

  it('decides each request before it sees its outcome, or anything later', () => {
    const requests = fc.array(
      fc.record({
        t: fc.nat(1000),
        promptEstimate: fc.integer({ min: 10, max: 20_000 }),
        promptTokens: fc.integer({ min: 10, max: 20_000 }),
        outputTokens: fc.integer({ min: 1, max: 3000 }),
        template: fc.constantFrom('a', 'b', null),
      }),
      { minLength: 2, maxLength: 12 },
    );
    fc.assert(
      fc.property(requests, fc.nat(), (all, at) => {
        const stream = all.toSorted((a, b) => a.t - b.t).map((over, index) => asked(String(index), over));
        const cut = at % stream.length;
        const otherwise = stream.map((request, index) =>
          index < cut ? request : { ...request, outcome: { ...request.outcome, promptTokens: 7, outputTokens: 9000 } },
        );
        const decided = (workload: readonly Request[]) =>
          replay({ hardware, requests: workload }, DEFAULT_POLICY)
            .decisions.slice(0, cut + 1)
            .map(({ id, attempts }) => ({ id, first: attempts[0] }));
        expect(decided(otherwise)).toEqual(decided(stream));
      }),
      { numRuns: 12 },
    );
  });
});
