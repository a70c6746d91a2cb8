import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import type { NewEvent } from '@rightsize/event-store';
import Database from 'better-sqlite3';
import { readWholeLog, sampleEvent, sampleEvents } from '../../event-store/test/sample-events.js';
import { ScratchFolder } from './scratch-folder.js';
import { WRITERS } from './writers.js';

let folder: ScratchFolder;

const large = (): NewEvent => sampleEvent({ data: 'x'.repeat(50_000) });

/** Holds the write lock, as another process would, until it is told to let go. */
function holdWriteLock(file: string): () => void {
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  return () => other.close();
}

describe.each(WRITERS)('%s:', (_name, openerOf) => {
  let open: Awaited<ReturnType<typeof openerOf>>;
  beforeAll(async () => {
    open = await openerOf();
  }, 120_000);
  beforeEach(() => {
    folder = new ScratchFolder(open);
  });
  afterEach(() => folder.clean());

  describe('an event that the database cannot hold', () => {
    it('fails the append it is in, wholly, and none of the others of its group', async () => {
      const { store } = await folder.open({});
      const nameless = { ...sampleEvent(), type: null as never };
      const results = await Promise.allSettled([
        store.append('a', sampleEvents(2)),
        store.append('a', [sampleEvent(), nameless]),
        store.append('b', sampleEvents(1), 7),
        store.append('a', sampleEvents(1), 2),
      ]);

      expect(results).toMatchObject([
        { status: 'fulfilled', value: { kind: 'appended', position: 2, version: 2, duplicates: 0 } },
        { status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_NOTNULL' } },
        { status: 'fulfilled', value: { kind: 'conflict', actualVersion: 0 } },
        { status: 'fulfilled', value: { kind: 'appended', version: 3, duplicates: 0 } },
      ]);
      expect((await readWholeLog(store)).map(({ stream, version }) => [stream, version])).toEqual([
        ['a', 1],
        ['a', 2],
        ['a', 3],
      ]);
    });
  });

  describe('a full disk', () => {
    it('refuses what does not fit, says so in health, and takes what fits', async () => {
      const { store, health, file } = await folder.open({ maxFileBytes: 400_000 });
      const acknowledged: string[] = [];
      const refused = await (async (): Promise<unknown> => {
        for (;;) {
          const event = large();
          const failure = await store.append('a', [event]).then(
            () => acknowledged.push(event.id) && undefined,
            (error: unknown) => error,
          );
          if (failure !== undefined) return failure;
        }
      })();

      expect(refused).toMatchObject({ code: 'full' });
      expect(String(refused)).toMatch(/database .*\.sqlite cannot grow .*: free space on its disk, or raise/);
      expect(String(refused)).toContain(file);
      expect(health()).toMatchObject({ queuedEvents: 0, queuedBytes: 0, lastError: { code: 'full' } });
      const small = await store.append('b', sampleEvents(1));
      expect(small).toMatchObject({ kind: 'appended', version: 1 });
      expect(health().lastError).toBeNull();
      const kept = (await readWholeLog(store)).filter((event) => event.stream === 'a').map((event) => event.id);
      expect(kept).toEqual(acknowledged);
    });

    it('refuses a whole group, of which nothing stays', async () => {
      const { store } = await folder.open({ maxFileBytes: 400_000 });
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.append('a', [large()])));

      expect(new Set(results.map((result) => result.status))).toEqual(new Set(['rejected']));
      expect(await store.head()).toBe(0);
    });

    it('is an error of a read model commit too, which changes nothing', async () => {
      const { readModels, health } = await folder.open({ maxFileBytes: 200_000 });
      const commit = (): void =>
        readModels.commit('p', 1, 0, 1, (writer) => {
          for (let i = 0; i < 10; i += 1) writer.put(`${i}`, 'x'.repeat(50_000));
        });

      expect(commit).toThrow(expect.objectContaining({ name: 'EventStoreError', code: 'full' }));
      expect(readModels.checkpoint('p', 1)).toBe(0);
      expect(health().lastError).toMatchObject({ code: 'full' });
    });
  });

  describe('a lock held by another process', () => {
    it('makes appends wait, with health telling why, until it is let go', async () => {
      const { store, health, file } = await folder.open();
      const letGo = holdWriteLock(file);
      const appending = [store.append('a', sampleEvents(2)), store.append('a', sampleEvents(1), 9)];
      while (health().lastError === null) await new Promise(setImmediate);

      expect(health()).toMatchObject({ queuedEvents: 3, lastError: { code: 'locked' } });
      letGo();
      expect(await Promise.all(appending)).toMatchObject([{ kind: 'appended', version: 2 }, { kind: 'conflict' }]);
      expect(health()).toMatchObject({ queuedEvents: 0, lastError: null });
    });

    it('fails every waiting append when it lasts, and appends work again afterwards', async () => {
      const { store, health, file } = await folder.open({ lockedAfterMs: 60 });
      const letGo = holdWriteLock(file);
      const appending = Array.from({ length: 3 }, () => store.append('a', sampleEvents(400)));
      await expect(Promise.race(appending)).rejects.toMatchObject({ code: 'locked' });
      // Together: not one after the other, each after a wait of its own.
      expect(health().queuedEvents).toBe(0);
      const results = await Promise.allSettled(appending);
      letGo();

      for (const result of results) {
        expect(result).toMatchObject({ status: 'rejected', reason: { name: 'EventStoreError', code: 'locked' } });
      }
      expect(String((results[0] as PromiseRejectedResult).reason)).toContain(
        `database ${file} is locked by another process`,
      );
      expect(health().queuedEvents).toBe(0);
      expect(await store.append('a', sampleEvents(1))).toMatchObject({ kind: 'appended', version: 1 });
    });

    it('does not keep anybody from reading', async () => {
      const { store, readModels, file } = await folder.open();
      await store.append('a', sampleEvents(2));
      const letGo = holdWriteLock(file);

      expect(await store.readAll({ after: 0, limit: 5 })).toHaveLength(2);
      expect(readModels.checkpoint('p', 1)).toBe(0);
      letGo();
    });

    it('makes a read model commit fail as locked after a moment', async () => {
      const { readModels, file } = await folder.open();
      const letGo = holdWriteLock(file);

      expect(() => readModels.commit('p', 1, 0, 1, () => {})).toThrow(expect.objectContaining({ code: 'locked' }));
      letGo();
      readModels.commit('p', 1, 0, 1, () => {});
    });

    it('is waited out when the storage closes', async () => {
      const { store, file } = await folder.open();
      const letGo = holdWriteLock(file);
      const appending = store.append('a', sampleEvents(1));
      const closing = store.close();
      letGo();
      await closing;

      expect(await appending).toMatchObject({ kind: 'appended' });
      expect(await (await folder.open({ file })).store.head()).toBe(1);
    });
  });

  describe('the queue', () => {
    it('refuses appends beyond the number of events it may hold, and loses none of the others', async () => {
      const { store, file } = await folder.open({ maxQueuedEvents: 10 });
      const taken = [store.append('a', sampleEvents(6)), store.append('a', sampleEvents(4))];
      const refused = store.append('a', sampleEvents(1));

      await expect(refused).rejects.toMatchObject({ code: 'overloaded' });
      await expect(refused).rejects.toThrow(`database ${file}: 10 events`);
      expect(await Promise.all(taken)).toMatchObject([{ version: 6 }, { version: 10 }]);
      expect(await store.append('a', sampleEvents(1))).toMatchObject({ version: 11 });
    });

    it('refuses appends beyond the bytes it may hold', async () => {
      const { store, health } = await folder.open({ maxQueuedBytes: 1000 });
      const event = sampleEvent({ data: 'é'.repeat(400) });
      const taken = store.append('a', [event]);

      expect(health().queuedBytes).toBe(802);
      await expect(store.append('a', [sampleEvent({ data: 'x'.repeat(200) })])).rejects.toMatchObject({
        code: 'overloaded',
      });
      expect(await taken).toMatchObject({ kind: 'appended' });
    });

    it('takes an append larger than itself when nothing else waits: it could never be appended otherwise', async () => {
      const { store } = await folder.open({ maxQueuedEvents: 10 });

      expect(await store.append('a', sampleEvents(700))).toMatchObject({ version: 700 });
    });
  });

  describe('a value the database cannot hold', () => {
    const impossible = (): NewEvent => sampleEvent({ id: null as unknown as string });

    it('fails its own append, wholly, and no other of the group', async () => {
      const { store, health } = await folder.open();
      const results = await Promise.allSettled([
        store.append('a', sampleEvents(1)),
        store.append('a', [sampleEvent(), impossible()]),
        store.append('a', sampleEvents(1)),
      ]);

      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await readWholeLog(store)).map((event) => event.version)).toEqual([1, 2]);
      expect(health().lastError).toBeNull();
    });

    it('fails an append that is alone, wholly', async () => {
      const { store, health } = await folder.open();

      await expect(store.append('a', [sampleEvent(), impossible()])).rejects.toMatchObject({
        code: 'SQLITE_CONSTRAINT_NOTNULL',
      });
      expect(await store.head()).toBe(0);
      expect(health()).toEqual({ queuedEvents: 0, queuedBytes: 0, lastError: null });
    });
  });

  describe('a damaged page', () => {
    it('fails the whole group that meets it, and health says so', async () => {
      const { store, file } = await folder.open();
      await store.append('a', sampleEvents(2000));
      const [old] = await store.readStream('a', { from: 1000, limit: 1 });
      await store.close();
      damage(file);
      const reopened = await folder.open({ file });

      const near = (suffix: string): NewEvent => sampleEvent({ id: `${old!.id}${suffix}` });
      const appending = [near('a'), near('b'), near('c')].map((event) => reopened.store.append('b', [event]));
      const results = await Promise.allSettled(appending);

      const reason: unknown = expect.objectContaining({ name: 'EventStoreError', code: 'corrupt' });
      expect(results).toEqual(results.map(() => ({ status: 'rejected', reason })));
      expect(reopened.health().lastError).toMatchObject({ code: 'corrupt' });
    });

    it('is told when it is read', async () => {
      const { store, file } = await folder.open();
      await store.append('a', sampleEvents(2000));
      await store.close();
      damage(file);
      const reopened = await folder.open({ file });

      const failure = await readWholeLog(reopened.store).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ name: 'EventStoreError', code: 'corrupt' });
      expect(String(failure)).toContain(`database ${file} is damaged`);
    });
  });

  /** Overwrites the file between its first and its second third. */
  function damage(file: string): void {
    const third = Math.floor(statSync(file).size / 3);
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(third, 0xff), 0, third, third);
    closeSync(handle);
  }
});
