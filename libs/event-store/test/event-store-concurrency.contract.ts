import type { EventStore, RecordedEvent } from '@rightsize/event-store';
import { idsOf, readWholeLog, sampleEvents } from './sample-events.js';

const APPENDERS = 24;
const APPENDS_EACH = 30;
const STREAMS = ['a', 'b', 'c'];

export function describeConcurrency(store: () => EventStore): void {
  it('take effect in the order of their calls, and a conflict takes back itself alone', async () => {
    const batches = Array.from({ length: 5 }, () => sampleEvents(2));
    const expected = ['any', 0, 'any', 7, 4] as const;

    const results = await Promise.all(batches.map((events, i) => store().append('a', events, expected[i])));

    expect(results.map((result) => result.kind)).toEqual(['appended', 'conflict', 'appended', 'conflict', 'appended']);
    expect(idsOf(await readWholeLog(store()))).toEqual(
      idsOf([batches[0], batches[2], batches[4]].flatMap((b) => b ?? [])),
    );
  });

  it('lose nothing that was acknowledged and leave nothing that was not', async () => {
    const acknowledged = new Set<string>();
    const refused = new Set<string>();

    await Promise.all(
      Array.from({ length: APPENDERS }, async (_, appender) => {
        for (let i = 0; i < APPENDS_EACH; i += 1) {
          const events = sampleEvents(1 + ((appender + i) % 3));
          // Two in three guess the version, and mostly guess wrong: others append at the same time.
          const expected = i % 3 === 0 ? 'any' : i;
          const result = await store().append(STREAMS[(appender * 7 + i) % STREAMS.length]!, events, expected);
          for (const { id } of events) (result.kind === 'appended' ? acknowledged : refused).add(id);
        }
      }),
    );

    const log = await readWholeLog(store());
    expect(refused.size).toBeGreaterThan(0);
    expect(idsOf(log).toSorted()).toEqual([...acknowledged].toSorted());
    for (const stream of STREAMS) expectGapless(log.filter((event) => event.stream === stream));
  });

  it('all win in the end when each reads the version anew after a conflict', async () => {
    let conflicts = 0;
    const appendOnce = async (): Promise<void> => {
      const events = sampleEvents(1);
      for (;;) {
        const version = (await store().readStream('a', { from: 1, limit: 1000 })).length;
        if ((await store().append('a', events, version)).kind === 'appended') return;
        conflicts += 1;
      }
    };

    await Promise.all(Array.from({ length: APPENDERS }, appendOnce));

    expect(conflicts).toBeGreaterThan(0);
    expectGapless(await readWholeLog(store()));
    expect(await store().readStream('a', { from: 1, limit: 1000 })).toHaveLength(APPENDERS);
  });
}

function expectGapless(stream: readonly RecordedEvent[]): void {
  expect(stream.map((event) => event.version)).toEqual(stream.map((_, index) => index + 1));
}
