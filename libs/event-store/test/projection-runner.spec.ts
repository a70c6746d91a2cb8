import { jest } from '@jest/globals';
import {
  EventStoreError,
  InMemoryEventStore,
  InMemoryReadModelStore,
  ProjectionRunner,
  SchemaVersionError,
  UnknownEventTypeError,
  Upcasters,
} from '@rightsize/event-store';
import { CountingProjection } from './counting-projection.js';
import { projectionRunnerContract } from './projection-runner.contract.js';
import { sampleEvent, sampleEvents } from './sample-events.js';

describe('a runner on in-memory stores', () => {
  projectionRunnerContract(async () => ({
    store: new InMemoryEventStore(),
    readModels: new InMemoryReadModelStore(),
  }));
});

describe('a projection runner', () => {
  let store: InMemoryEventStore;
  let readModels: InMemoryReadModelStore;
  beforeEach(() => {
    store = new InMemoryEventStore();
    readModels = new InMemoryReadModelStore();
  });

  it('has loaded committed rows, and published them, when start returns', async () => {
    readModels.commit('counting', 1, 0, 4, (writer) => writer.put('a', { count: 4 }));
    const projection = new CountingProjection();
    const runner = new ProjectionRunner(store, readModels, [projection]);
    const starting = runner.start();

    expect(projection.counts).toEqual({ a: 4 });
    expect(projection.commits).toEqual([4]);
    await starting;
    await runner.stop();
  });

  it('gives others a turn between pages', async () => {
    await store.append('a', sampleEvents(10));
    const turns: number[] = [];
    const projection = new CountingProjection({
      onFlush: () => setImmediate(() => turns.push(projection.commits.length)),
    });
    await new ProjectionRunner(store, readModels, [projection], { pageSize: 2 }).start();

    expect(turns.slice(0, 4)).toEqual([1, 2, 3, 4]);
  });

  it('gives others a turn between the projections too', async () => {
    await store.append('a', sampleEvents(2));
    let turns = 0;
    const seen: number[] = [];
    const onFlush = (): void => {
      seen.push(turns);
      setImmediate(() => (turns += 1));
    };
    const projections = ['x', 'y', 'z'].map((name) => new CountingProjection({ name, onFlush }));
    await new ProjectionRunner(store, readModels, projections).start();

    expect(seen).toEqual([0, 1, 2]);
  });

  it('reads a page once for all projections that stand at its beginning', async () => {
    await store.append('a', sampleEvents(5));
    const readAll = jest.spyOn(store, 'readAll');
    const projections = ['x', 'y', 'z'].map((name) => new CountingProjection({ name }));
    const runner = new ProjectionRunner(store, readModels, projections, { pageSize: 2, pollMs: 0 });
    await runner.start();
    await store.append('a', sampleEvents(1));
    await runner.waitFor(6);

    expect(readAll.mock.calls.map(([{ after }]) => after)).toEqual([0, 2, 4, 5]);
    expect(projections.map((projection) => projection.counts)).toEqual([{ a: 6 }, { a: 6 }, { a: 6 }]);
    await runner.stop();
  });

  it('reads smaller pages once it has caught up, each a shorter stop', async () => {
    await store.append('a', sampleEvents(6));
    const projection = new CountingProjection();
    const runner = new ProjectionRunner(store, readModels, [projection], { pageSize: 4, livePageSize: 2, pollMs: 0 });
    await runner.start();
    const readAll = jest.spyOn(store, 'readAll');
    await store.append('a', sampleEvents(3));
    await runner.waitFor(9);
    await runner.stop();

    expect(readAll.mock.calls.map(([{ limit }]) => limit)).toEqual([2, 2]);
    expect(projection.counts).toEqual({ a: 9 });
  });

  it('gives others a turn in the middle of a live page', async () => {
    const projection = new CountingProjection();
    const runner = new ProjectionRunner(store, readModels, [projection], { liveTurnMs: 0, commitDelayMs: 3_600_000 });
    await runner.start();
    await store.append('a', sampleEvents(5));
    const waiting = runner.waitFor(5);
    const seen: (number | undefined)[] = [];
    while (projection.counts['a'] !== 5) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(projection.counts['a']);
    }
    await waiting;
    await runner.stop();

    expect(new Set(seen)).toEqual(new Set([undefined, 1, 2, 3, 4, 5].slice(seen[0] === undefined ? 0 : 1)));
    expect(projection.commits).toEqual([5]);
  });

  it('folds together what was appended within its delay', async () => {
    let committed = (): void => {};
    const first = new Promise<void>((resolve) => (committed = resolve));
    const projection = new CountingProjection({ onCommitted: () => committed() });
    const runner = new ProjectionRunner(store, readModels, [projection], { pollMs: 0, wakeDelayMs: 20 });
    await runner.start();
    for (let i = 0; i < 4; i += 1) await store.append('a', sampleEvents(1));
    await first;

    expect(projection.commits).toEqual([4]);
    await runner.stop();
  });

  it('lets nobody who waits for a position wait for the delay', async () => {
    const projection = new CountingProjection();
    const runner = new ProjectionRunner(store, readModels, [projection], { pollMs: 0, wakeDelayMs: 3_600_000 });
    await runner.start();
    await store.append('a', sampleEvents(1));
    await runner.waitFor(1);
    const waiting = runner.waitFor(2);
    await store.append('a', sampleEvents(1));
    await waiting;

    expect(projection.commits).toEqual([1, 2]);
    await runner.stop();
  });

  it('tells how far behind it is', async () => {
    await store.append('a', sampleEvents(10));
    const lags: number[] = [];
    const runner: ProjectionRunner = new ProjectionRunner(
      store,
      readModels,
      [new CountingProjection({ onFlush: () => lags.push(runner.status()[0]!.lag) })],
      { pageSize: 4 },
    );
    await runner.start();

    expect(lags).toEqual([6, 2, 0]);
    expect(runner.status()[0]!.lag).toBe(0);
  });

  it.each(['locked', 'full', 'io'] as const)('waits and tries again while its store is %s', async (code) => {
    await store.append('a', sampleEvents(2));
    let broken = true;
    const onFlush = (): void => {
      if (broken) throw new EventStoreError(code, 'for now');
    };
    const projection = new CountingProjection({ onFlush });
    const runner = new ProjectionRunner(store, readModels, [projection], { pollMs: 0 });
    await runner.start();
    expect(runner.status()[0]).toMatchObject({ state: 'catching-up', position: 0, error: { code } });

    broken = false;
    await store.append('a', sampleEvents(1));
    await runner.waitFor(3);
    expect(projection.counts).toEqual({ a: 3 });
    expect(runner.status()[0]).toMatchObject({ position: 3, error: null });
    await runner.stop();
  });

  it('looks at the log now and then without being told', async () => {
    const deaf = Object.assign(Object.create(store) as InMemoryEventStore, {
      append: store.append.bind(store),
      readAll: store.readAll.bind(store),
      head: store.head.bind(store),
      onAppended: () => () => {},
    });
    const runner = new ProjectionRunner(deaf, readModels, [new CountingProjection()], { pollMs: 5 });
    await runner.start();
    await store.append('a', sampleEvents(2));
    await runner.waitFor(2);

    expect(readModels.checkpoint('counting', 1)).toBe(2);
    await runner.stop();
  });

  it('finishes the batch at hand when it is stopped, and folds no other', async () => {
    await store.append('a', sampleEvents(10));
    const runner: ProjectionRunner = new ProjectionRunner(
      store,
      readModels,
      [new CountingProjection({ onFlush: () => void runner.stop() })],
      { pageSize: 4 },
    );
    await runner.start();
    await runner.stop();

    expect(readModels.checkpoint('counting', 1)).toBe(4);
    expect(runner.status()[0]).toMatchObject({ state: 'stopped', error: null });
    await expect(runner.waitFor(5)).rejects.toThrow('projection counting stopped at position 4');
  });

  it('waits for nothing when there is no projection', async () => {
    await expect(new ProjectionRunner(store, readModels, []).waitFor(7)).resolves.toBeUndefined();
  });

  it('stops at an event of a type it folds and nobody knows, alone', async () => {
    const projections = [
      new CountingProjection({ types: ['sample', 'novel'] }),
      new CountingProjection({ name: 'others' }),
    ];
    await store.append('a', [sampleEvent(), sampleEvent({ type: 'novel' }), sampleEvent()]);
    const runner = new ProjectionRunner(store, readModels, projections, { upcasters: new Upcasters({ sample: [] }) });
    await runner.start();

    expect(runner.status().map(({ state, position }) => [state, position])).toEqual([
      ['stopped', 1],
      ['live', 3],
    ]);
    expect(runner.status()[0]!.error).toBeInstanceOf(UnknownEventTypeError);
    await runner.stop();
  });

  it('folds old events as their types are now, and stops at one from the future, alone', async () => {
    const upcasters = new Upcasters({ sample: [(data) => ({ ...(data as object), added: true })], other: [] });
    const seen: unknown[] = [];
    const projections = [
      new CountingProjection({ onApply: (event) => seen.push(event.data) }),
      new CountingProjection({ name: 'others', types: ['other'] }),
    ];
    await store.append('a', [sampleEvent({ data: { n: 1 } }), sampleEvent({ data: { n: 2 }, schemaVersion: 2 })]);
    await store.append('a', [sampleEvent({ schemaVersion: 3 }), sampleEvent({ type: 'other' })]);
    const runner = new ProjectionRunner(store, readModels, projections, { upcasters, pageSize: 2 });
    await runner.start();

    expect(seen).toEqual([{ n: 1, added: true }, { n: 2 }]);
    expect(runner.status().map((status) => [status.state, status.position])).toEqual([
      ['stopped', 2],
      ['live', 4],
    ]);
    expect(runner.status()[0]!.error).toBeInstanceOf(SchemaVersionError);
    await runner.stop();
  });
});
