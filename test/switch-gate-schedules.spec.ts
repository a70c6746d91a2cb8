import * as fc from 'fast-check';
import { GateWorld, type Client, type Schedule } from './switch-gate-world.js';

/** More than ten thousand interleavings of everybody coming, going, growing and giving up. */
const RUNS = 12_000;

const CLIENT: fc.Arbitrary<Client> = fc.record({
  at: fc.integer({ min: 0, max: 60 }).map((tenths) => tenths / 10),
  need: fc.constantFrom(2048, 4096, 8192, 16_384, 32_768),
  answer: fc.integer({ min: 1, max: 60 }),
  streams: fc.boolean(),
  keepAlive: fc.constantFrom(null, null, null, 0, 2, 600),
  patience: fc.option(fc.constantFrom(0, 0.1, 1, 3, 8), { nil: null, freq: 2 }),
  isUnderestimated: fc.boolean(),
});

function schedules(over: Partial<Record<keyof Schedule, fc.Arbitrary<unknown>>> = {}): fc.Arbitrary<Schedule> {
  return fc.record({
    clients: fc
      .array(CLIENT, { minLength: 1, maxLength: 12 })
      .map((clients) => clients.toSorted((a, b) => a.at - b.at)),
    foreign: fc.array(fc.record({ at: fc.integer({ min: 0, max: 9 }), window: fc.constantFrom(2048, 4096, 65_536) }), {
      maxLength: 3,
    }),
    parallel: fc.constantFrom(1, 1, 2, 4),
    polls: fc.boolean(),
    boundSeconds: fc.constantFrom(1, 5, 1000),
    ...over,
  }) as fc.Arbitrary<Schedule>;
}

describe('a gate before a server, whoever comes when', () => {
  it(`lets every request end, once, and leaves nobody behind (${RUNS} schedules)`, () => {
    fc.assert(
      fc.property(schedules(), (schedule) => {
        const { ends, failures } = new GateWorld(schedule).play();
        expect(failures).toEqual([]);
        expect(ends.size).toBe(schedule.clients.length);
      }),
      { numRuns: RUNS },
    );
  });

  it('holds nobody longer than the bound', () => {
    fc.assert(
      fc.property(schedules(), (schedule) => {
        expect(new GateWorld(schedule).play().longestHold).toBeLessThanOrEqual(schedule.boundSeconds + 1e-6);
      }),
      { numRuns: 2_000 },
    );
  });

  it('sends in the order of arrival, but for those that were refused or waited too long', () => {
    fc.assert(
      fc.property(schedules(), (schedule) => {
        const inTime = new GateWorld(schedule).play().sent.flatMap(({ id, isLate }) => (isLate ? [] : [id]));
        expect(inTime).toEqual(inTime.toSorted((a, b) => a - b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('loads no more often than it decided to, as long as nobody goes past it', () => {
    fc.assert(
      fc.property(schedules({ foreign: fc.constant([]), boundSeconds: fc.constant(1000) }), (schedule) => {
        const { loads, switches } = new GateWorld(schedule).play();
        expect(loads).toBeLessThanOrEqual(switches);
      }),
      { numRuns: 2_000 },
    );
  });

  it('turns away only what finds the queue full', () => {
    fc.assert(
      fc.property(schedules(), fc.integer({ min: 0, max: 3 }), (schedule, maxWaiting) => {
        const { ends, failures } = new GateWorld(schedule, maxWaiting).play();
        expect(failures).toEqual([]);
        expect(ends.size).toBe(schedule.clients.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

function client(over: Partial<Client>): Client {
  return {
    at: 0,
    need: 4096,
    answer: 10,
    streams: true,
    keepAlive: null,
    patience: null,
    isUnderestimated: false,
    ...over,
  };
}

const PLAIN = { foreign: [], parallel: 1, polls: false, boundSeconds: 1000 } as const;

describe('what a gate is for', () => {
  it('a request that needs more is not starved by a stream of others that do not', () => {
    const small = Array.from({ length: 40 }, (_, i) => client({ at: i / 2, answer: 50 }));
    const clients = [...small, client({ at: 5.1, need: 8192, patience: 20 })].toSorted((a, b) => a.at - b.at);
    const at = clients.findIndex(({ need }) => need === 8192);
    const { ends, loads } = new GateWorld({ ...PLAIN, clients }).play();
    expect([ends.get(at), loads]).toEqual(['done', 2]);
  });

  it('many that need more than is loaded, each more than the last, load once', () => {
    const busy = Array.from({ length: 8 }, () => client({ answer: 60 }));
    const growing = [8192, 16_384, 12_288, 32_768].map((need, i) => client({ at: 5 + i / 10, need }));
    const { loads, switches } = new GateWorld({ ...PLAIN, clients: [...busy, ...growing] }).play();
    expect([loads, switches]).toEqual([2, 2]);
  });
});
