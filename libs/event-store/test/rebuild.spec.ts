import {
  InMemoryEventStore,
  InMemoryReadModelStore,
  ProjectionRunner,
  rebuild,
  type RowWriter,
  verifyReadModels,
} from '@rightsize/event-store';
import { CountingProjection } from './counting-projection.js';
import { sampleEvents } from './sample-events.js';

/** Rows with two keys: first the count, then the stream. */
class NamedCounts extends CountingProjection {
  override flush(writer: RowWriter): void {
    super.flush({ ...writer, put: (key, row) => writer.put(key, { ...(row as object), stream: key }) });
  }
}

describe('a rebuild', () => {
  let store: InMemoryEventStore;
  let live: InMemoryReadModelStore;
  beforeEach(async () => {
    store = new InMemoryEventStore();
    live = new InMemoryReadModelStore();
    for (const stream of ['a', 'b', 'a', 'c']) await store.append(stream, sampleEvents(3));
    const runner = new ProjectionRunner(store, live, [new CountingProjection()], { pageSize: 5 });
    await runner.start();
    await runner.stop();
  });

  const verify = () => verifyReadModels(store, live, [new CountingProjection()], { pageSize: 4 });

  it('folds the whole log in pages and tells how far it is', async () => {
    const reached: number[] = [];
    const rows = await rebuild(store, new CountingProjection(), {
      pageSize: 5,
      onProgress: (position) => reached.push(position),
    });

    expect(Object.fromEntries(rows.rows('counting', 1))).toEqual({ a: { count: 6 }, b: { count: 3 }, c: { count: 3 } });
    expect(reached).toEqual([5, 10, 12]);
  });

  it('stops where it is told', async () => {
    const rows = await rebuild(store, new CountingProjection(), { until: 7, pageSize: 5 });

    expect(rows.checkpoint('counting', 1)).toBe(7);
    expect(Object.fromEntries(rows.rows('counting', 1))).toEqual({ a: { count: 4 }, b: { count: 3 } });
  });

  it('equals the live rows, also when more was appended since', async () => {
    await store.append('a', sampleEvents(5));

    expect(await verify()).toEqual([]);
  });

  it('does not mind the order of keys in a row', async () => {
    const named = (): CountingProjection => new NamedCounts({ name: 'named' });
    const runner = new ProjectionRunner(store, live, [named()]);
    await runner.start();
    await runner.stop();
    live.commit('named', 1, 12, 12, (writer) => writer.put('a', { stream: 'a', count: 6 }));

    expect(await verifyReadModels(store, live, [named()])).toEqual([]);
  });

  it('compares rows with their own checkpoint although somebody commits while they are read', async () => {
    await store.append('b', sampleEvents(2));
    const other = new ProjectionRunner(store, live, [new CountingProjection()]);
    await other.start();
    await other.stop();
    const behind = Object.assign(new InMemoryReadModelStore(), {
      checkpoint: () => checkpoints.shift() ?? live.checkpoint('counting', 1),
      rows: live.rows.bind(live),
    });
    const checkpoints = [12];

    expect(await verifyReadModels(store, behind, [new CountingProjection()])).toEqual([]);
    expect(checkpoints).toEqual([]);
  });

  it('finds each row that was changed, lost or made up', async () => {
    live.commit('counting', 1, 12, 12, (writer) => {
      writer.put('a', { count: 7 });
      writer.delete('b');
      writer.put('d', { count: 1 });
    });

    const base = { projection: 'counting', version: 1 };
    expect(await verify()).toEqual([
      { ...base, key: 'a', kind: 'different', live: { count: 7 }, rebuilt: { count: 6 } },
      { ...base, key: 'b', kind: 'missing', live: undefined, rebuilt: { count: 3 } },
      { ...base, key: 'd', kind: 'unexpected', live: { count: 1 }, rebuilt: undefined },
    ]);
  });
});
