import type { AppendResult, EventStore } from '@rightsize/event-store';
import { describeAppending } from './event-store-appending.contract.js';
import { describeConcurrency } from './event-store-concurrency.contract.js';
import { describeModel } from './event-store-model.contract.js';
import { idsOf, nextAppended, readWholeLog, sampleEvent, sampleEvents } from './sample-events.js';

/** What every event store must do. `open` gives an empty store; the contract closes it. */
export function eventStoreContract(open: () => Promise<EventStore>, modelRuns = 60): void {
  let store: EventStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  describe('appending', () => describeAppending(() => store));
  describe('reading', () => describeReading(() => store));
  describe('the data of an event', () => describeData(() => store));
  describe('onAppended', () => describeListening(() => store));
  describe('closing', () => describeClosing(() => store));
  describe('concurrent appenders', () => describeConcurrency(() => store));
  describe('against a model', () => describeModel(open, modelRuns));
}

function describeReading(store: () => EventStore): void {
  it('has its head at 0 and no events while it is empty', async () => {
    expect(await store().head()).toBe(0);
    expect(await store().readAll({ after: 0, limit: 10 })).toEqual([]);
    expect(await store().readStream('a', { from: 1, limit: 10 })).toEqual([]);
  });

  it('has its head at the position of the last event', async () => {
    const appended = await store().append('a', sampleEvents(3));

    expect(appended).toMatchObject({ position: await store().head() });
    expect((await readWholeLog(store())).at(-1)?.position).toBe(await store().head());
  });

  it('gives the log in pages that neither overlap nor leave out', async () => {
    const events = sampleEvents(10);
    for (const event of events) await store().append('a', [event]);

    for (const limit of [1, 3, 10, 11]) expect(idsOf(await readWholeLog(store(), limit))).toEqual(idsOf(events));
  });

  it('gives events of the asked types only, in order, as many as asked for', async () => {
    const events = ['a', 'b', 'c', 'b', 'a', 'c', 'b'].map((type) => sampleEvent({ type }));
    await store().append('s', events);

    const page = await store().readAll({ after: 1, limit: 3, types: ['b', 'c'] });
    const rest = await store().readAll({ after: page.at(-1)!.position, limit: 3, types: ['b', 'c'] });

    expect(idsOf([...page, ...rest])).toEqual(idsOf(events.filter((event) => event.type !== 'a')));
    expect(page).toHaveLength(3);
    expect(await store().readAll({ after: 0, limit: 3, types: [] })).toEqual([]);
  });

  it('finds a rare type behind many events of others, and leaves out none on the way', async () => {
    const common = sampleEvents(5000);
    const rare = sampleEvent({ type: 'rare' });
    for (let i = 0; i < 5; i += 1) await store().append('s', common.slice(i * 1000, (i + 1) * 1000));
    await store().append('s', [rare]);

    expect(idsOf(await store().readAll({ after: 0, limit: 5, types: ['rare'] }))).toEqual([rare.id]);
    const both = await store().readAll({ after: 0, limit: 9999, types: ['rare', 'sample'] });
    expect(idsOf(both)).toEqual([...idsOf(common), rare.id]);
  });

  it('gives a stream from a version on, apart from other streams', async () => {
    const events = sampleEvents(5);
    for (const event of events) await Promise.all([store().append('a', [event]), store().append('b', sampleEvents(1))]);

    const page = await store().readStream('a', { from: 2, limit: 3 });

    expect(idsOf(page)).toEqual(idsOf(events.slice(1, 4)));
    expect(page.map((event) => event.version)).toEqual([2, 3, 4]);
    expect(page.every((event) => event.stream === 'a')).toBe(true);
  });

  it('gives nothing for a limit of 0', async () => {
    await store().append('a', sampleEvents(2));

    expect(await store().readAll({ after: 0, limit: 0 })).toEqual([]);
    expect(await store().readStream('a', { from: 1, limit: 0 })).toEqual([]);
  });
}

function describeData(store: () => EventStore): void {
  const values: readonly unknown[] = [
    null,
    true,
    0,
    -1.5e-300,
    Number.MAX_SAFE_INTEGER,
    '',
    'Grüße, 你好, 👩‍👩‍👧, \u0000 \u2028 "quoted" \\ \n',
    [],
    { nested: [{ deep: { __proto__key: null } }], 'a.b $c': [1, [2, [3]]] },
  ];

  it.each(values.map((data) => [JSON.stringify(data), data]))('comes back as it was: %s', async (_text, data) => {
    await store().append('a', [sampleEvent({ data })]);

    expect((await readWholeLog(store()))[0]!.data).toEqual(data);
  });

  it('keeps type, schema version, metadata and the time it was recorded', async () => {
    const metadata = [{}, { correlationId: 'request' }, { correlationId: 'request', causationId: 'event' }];
    const events = metadata.map((one) => sampleEvent({ type: 'x.y', schemaVersion: 4, metadata: one }));
    const before = Date.now();
    await store().append('a', events);

    const read = await readWholeLog(store());
    expect(
      read.map(({ id, type, schemaVersion, data, metadata: m }) => ({ id, type, schemaVersion, data, metadata: m })),
    ).toEqual(events);
    expect(read[0]!.recordedAtMs).toBeGreaterThanOrEqual(before);
    expect(read[0]!.recordedAtMs).toBeLessThanOrEqual(Date.now());
  });

  it('is what it was when append was called, whatever the caller does with the object afterwards', async () => {
    const data = { tokens: 1 };
    const appending = store().append('a', [sampleEvent({ data })]);
    data.tokens = 2;
    await appending;

    const [read] = await readWholeLog(store());
    expect(read!.data).toEqual({ tokens: 1 });
  });

  it('is refused when it cannot be written as JSON, and the rest of the store goes on', async () => {
    const refused = store().append('a', [sampleEvent({ data: undefined })]);
    const taken = store().append('a', [sampleEvent()]);

    await expect(refused).rejects.toThrow(/cannot be written as JSON/);
    expect(await taken).toMatchObject({ kind: 'appended', version: 1 });
  });
}

function describeListening(store: () => EventStore): void {
  it('tells every listener that something was appended', async () => {
    const told = Promise.all([nextAppended(store()), nextAppended(store())]);
    await store().append('a', sampleEvents(1));

    await expect(told).resolves.toHaveLength(2);
  });

  it('says nothing of conflicts and duplicates, nor to who no longer listens', async () => {
    const event = sampleEvent();
    await store().append('a', [event]);
    const heard: string[] = [];
    store().onAppended(() => heard.push('gone'))();
    store().onAppended(() => heard.push('listening'));
    const seen = nextAppended(store());

    await store().append('a', [event]);
    await store().append('a', sampleEvents(1), 7);
    await store().append('a', sampleEvents(1));
    await seen;

    expect(heard).toEqual(['listening']);
  });

  it('takes the same function twice for two listeners, of which either may leave', async () => {
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const leave = store().onAppended(listener);
    store().onAppended(listener);
    leave();
    const seen = nextAppended(store());
    await store().append('a', sampleEvents(1));
    await seen;

    expect(heard).toBe(1);
  });

  it('acknowledges an append although a listener throws', async () => {
    store().onAppended(() => {
      throw new Error('listener');
    });

    expect(await store().append('a', sampleEvents(1))).toMatchObject({ kind: 'appended' });
    expect(await store().append('a', sampleEvents(1))).toMatchObject({ kind: 'appended' });
  });
}

function describeClosing(store: () => EventStore): void {
  it('acknowledges what was appended before', async () => {
    const settled: AppendResult[] = [];
    for (let i = 0; i < 50; i += 1) {
      void store()
        .append('a', sampleEvents(20))
        .then((result) => settled.push(result));
    }
    await store().close();

    expect(settled).toHaveLength(50);
    expect(settled.at(-1)).toMatchObject({ kind: 'appended', version: 1000 });
  });

  it('refuses to append and read afterwards, and may be repeated', async () => {
    await Promise.all([store().close(), store().close()]);
    await store().close();

    const closed = { name: 'EventStoreError', code: 'closed' };
    await expect(store().append('a', sampleEvents(1))).rejects.toMatchObject(closed);
    await expect(store().readAll({ after: 0, limit: 1 })).rejects.toMatchObject(closed);
    await expect(store().readStream('a', { from: 1, limit: 1 })).rejects.toMatchObject(closed);
    await expect(store().head()).rejects.toMatchObject(closed);
  });
}
