import type { EventStore } from '@rightsize/event-store';
import { idsOf, readWholeLog, sampleEvent, sampleEvents } from './sample-events.js';

export function describeAppending(store: () => EventStore): void {
  it('numbers a stream from 1 without gaps and positions strictly upwards over all streams', async () => {
    for (const stream of ['a', 'b', 'a', 'c', 'b', 'a']) await store().append(stream, sampleEvents(2));

    const log = await readWholeLog(store());
    expect(log.filter((event) => event.stream === 'a').map((event) => event.version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(log[0]!.position).toBeGreaterThanOrEqual(1);
    log.slice(1).forEach((event, index) => expect(event.position).toBeGreaterThan(log[index]!.position));
  });

  it('leaves no gap in the positions, whatever was repeated: a gap says that an event was lost', async () => {
    const known = sampleEvent();
    await store().append('a', [known]);
    await store().append('a', [known, known, sampleEvent(), known]);
    await store().append('a', [known]);
    await store().append('b', sampleEvents(1));

    expect((await readWholeLog(store())).map((event) => event.position)).toEqual([1, 2, 3]);
  });

  it('answers with position and version of the last event', async () => {
    const result = await store().append('a', sampleEvents(3));

    const last = (await readWholeLog(store())).at(-1)!;
    expect(result).toEqual({ kind: 'appended', position: last.position, version: 3, duplicates: 0 });
  });

  it('appends when the stream is at the expected version, 0 being a stream that is not there', async () => {
    expect(await store().append('a', sampleEvents(2), 0)).toMatchObject({ kind: 'appended', version: 2 });
    expect(await store().append('a', sampleEvents(1), 2)).toMatchObject({ kind: 'appended', version: 3 });
  });

  it.each([0, 1, 3])(
    'answers with a conflict and writes nothing when it expects %i and the stream is at 2',
    async (expected) => {
      await store().append('a', sampleEvents(2));

      expect(await store().append('a', sampleEvents(2), expected)).toEqual({ kind: 'conflict', actualVersion: 2 });
      expect(await readWholeLog(store())).toHaveLength(2);
    },
  );

  it('checks the expected version of the named stream alone', async () => {
    await store().append('b', sampleEvents(5));

    expect(await store().append('a', sampleEvents(1), 0)).toMatchObject({ kind: 'appended', version: 1 });
  });

  it('changes nothing when the same events are appended again, and answers as the first time', async () => {
    const events = sampleEvents(3);
    const first = await store().append('a', events);
    await store().append('a', sampleEvents(1));

    expect(await store().append('a', events)).toEqual({ ...first, duplicates: 3 });
    expect(await readWholeLog(store())).toHaveLength(4);
  });

  it('takes a repetition for what it is although the stream has left the expected version', async () => {
    const events = sampleEvents(2);
    const first = await store().append('a', events, 0);

    expect(await store().append('a', events, 0)).toEqual({ ...first, duplicates: 2 });
  });

  it('appends what is new among what is known', async () => {
    const [known, fresh] = [sampleEvent(), sampleEvent()];
    await store().append('a', [known]);

    expect(await store().append('a', [known, fresh])).toMatchObject({ version: 2, duplicates: 1 });
    expect(idsOf(await readWholeLog(store()))).toEqual([known.id, fresh.id]);
  });

  it('answers with a conflict when something is new and the stream is elsewhere', async () => {
    const known = sampleEvent();
    await store().append('a', [known]);

    expect(await store().append('a', [known, sampleEvent()], 0)).toEqual({ kind: 'conflict', actualVersion: 1 });
    expect(await readWholeLog(store())).toHaveLength(1);
  });

  it('counts an id that comes twice in one append once', async () => {
    const event = sampleEvent();

    expect(await store().append('a', [event, event])).toMatchObject({ version: 1, duplicates: 1 });
    expect(await readWholeLog(store())).toHaveLength(1);
  });

  it('knows an id over all streams: in another stream it changes nothing', async () => {
    const event = sampleEvent();
    await store().append('b', sampleEvents(1));
    const first = await store().append('a', [event]);

    expect(await store().append('b', [event])).toEqual({ ...first, duplicates: 1 });
    expect(await store().readStream('b', { from: 1, limit: 10 })).toHaveLength(1);
  });

  it('appends nothing at all and answers with where the stream stands', async () => {
    expect(await store().append('a', [])).toEqual({ kind: 'appended', position: 0, version: 0, duplicates: 0 });
    const { position } = (await store().append('a', sampleEvents(2))) as { readonly position: number };

    expect(await store().append('a', [], 2)).toEqual({ kind: 'appended', position, version: 2, duplicates: 0 });
    expect(await store().append('a', [], 1)).toEqual({ kind: 'conflict', actualVersion: 2 });
  });
}
