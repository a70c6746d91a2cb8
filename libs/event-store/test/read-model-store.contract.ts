import { CheckpointMovedError, type ReadModelStore } from '@rightsize/event-store';

/** What every read model store must do. `open` gives an empty one. */
export function readModelStoreContract(open: () => Promise<ReadModelStore>): void {
  let store: ReadModelStore;
  beforeEach(async () => {
    store = await open();
  });

  const rowsOf = (projection: string, version = 1): Record<string, unknown> =>
    Object.fromEntries(store.rows(projection, version));

  it('has no rows, no versions and its checkpoint at 0 before the first commit', () => {
    expect(store.checkpoint('p', 1)).toBe(0);
    expect(store.versions('p')).toEqual([]);
    expect(rowsOf('p')).toEqual({});
  });

  it('puts and deletes rows and moves the checkpoint together', () => {
    store.commit('p', 1, 0, 5, (writer) => {
      writer.put('a', { n: 1 });
      writer.put('b', { n: 2 });
    });
    store.commit('p', 1, 5, 9, (writer) => {
      writer.put('a', { n: 3 });
      writer.delete('b');
      writer.delete('never there');
    });

    expect(store.checkpoint('p', 1)).toBe(9);
    expect(rowsOf('p')).toEqual({ a: { n: 3 } });
  });

  it('lets the last write to a key win within a commit', () => {
    store.commit('p', 1, 0, 1, (writer) => {
      writer.put('a', 1);
      writer.delete('a');
      writer.put('b', 1);
      writer.put('b', 2);
    });

    expect(rowsOf('p')).toEqual({ b: 2 });
  });

  it('moves the checkpoint without rows', () => {
    store.commit('p', 1, 0, 3, () => {});

    expect(store.checkpoint('p', 1)).toBe(3);
    expect(store.versions('p')).toEqual([1]);
  });

  it.each([0, 4, 6])('refuses a commit from %i while the checkpoint is at 5, and changes nothing', (from) => {
    store.commit('p', 1, 0, 5, (writer) => writer.put('a', 1));
    let wrote = false;
    const commit = (): void =>
      store.commit('p', 1, from, 9, (writer) => {
        wrote = true;
        writer.put('a', 2);
      });

    expect(commit).toThrow(CheckpointMovedError);
    expect({ wrote, checkpoint: store.checkpoint('p', 1), rows: rowsOf('p') }).toEqual({
      wrote: false,
      checkpoint: 5,
      rows: { a: 1 },
    });
  });

  it('changes nothing when writing throws, and the same commit may follow', () => {
    store.commit('p', 1, 0, 5, (writer) => writer.put('a', 1));
    const broken = new Error('fold');

    expect(() =>
      store.commit('p', 1, 5, 9, (writer) => {
        writer.put('a', 2);
        writer.delete('a');
        writer.put('b', 2);
        throw broken;
      }),
    ).toThrow(broken);
    expect(store.checkpoint('p', 1)).toBe(5);
    expect(rowsOf('p')).toEqual({ a: 1 });

    store.commit('p', 1, 5, 9, (writer) => writer.put('a', 2));
    expect(rowsOf('p')).toEqual({ a: 2 });
  });

  it('refuses a row that cannot be written as JSON, and changes nothing', () => {
    expect(() => store.commit('p', 1, 0, 1, (writer) => writer.put('a', undefined))).toThrow(TypeError);
    expect(store.checkpoint('p', 1)).toBe(0);
  });

  it('keeps projections and versions apart', () => {
    store.commit('p', 2, 0, 4, (writer) => writer.put('a', 'p2'));
    store.commit('p', 10, 0, 5, (writer) => writer.put('a', 'p10'));
    store.commit('q', 2, 0, 6, (writer) => writer.put('a', 'q2'));

    expect(store.versions('p')).toEqual([2, 10]);
    expect([rowsOf('p', 2), rowsOf('p', 10), rowsOf('q', 2)]).toEqual([{ a: 'p2' }, { a: 'p10' }, { a: 'q2' }]);
    expect([store.checkpoint('p', 2), store.checkpoint('p', 10), store.checkpoint('q', 2)]).toEqual([4, 5, 6]);
  });

  it('drops rows and checkpoint of one version', () => {
    store.commit('p', 1, 0, 4, (writer) => writer.put('a', 1));
    store.commit('p', 2, 0, 4, (writer) => writer.put('a', 2));
    store.drop('p', 1);
    store.drop('p', 7);

    expect(store.versions('p')).toEqual([2]);
    expect(store.checkpoint('p', 1)).toBe(0);
    expect(rowsOf('p', 1)).toEqual({});
    expect(rowsOf('p', 2)).toEqual({ a: 2 });
  });

  it('gives rows back as they were, and not as a door into the store', () => {
    const row = { text: 'é 你 👩‍👧 "\\', big: Number.MAX_SAFE_INTEGER, none: null, list: [1.5, []] };
    store.commit('p', 1, 0, 1, (writer) => writer.put('key with é, / and \u0000', row));
    const [[key, read] = []] = [...store.rows('p', 1)];
    expect([key, read]).toEqual(['key with é, / and \u0000', row]);

    (read as { text: string }).text = 'changed';
    expect(Object.values(rowsOf('p'))).toEqual([row]);
  });

  it('lets several walks over rows be open at once, and commits go on meanwhile', () => {
    store.commit('p', 1, 0, 1, (writer) => ['a', 'b', 'c'].forEach((key) => writer.put(key, 1)));
    const keys: string[] = [];
    for (const [key] of store.rows('p', 1)) {
      store.commit('q', 1, keys.length, keys.length + 1, (writer) => writer.put(key, 2));
      keys.push(`${key}${[...store.rows('p', 1)].length}`);
    }

    expect(keys.toSorted()).toEqual(['a3', 'b3', 'c3']);
    expect(rowsOf('q')).toEqual({ a: 2, b: 2, c: 2 });
  });
}
