import { readFileSync } from 'node:fs';
import { ProjectionRunner } from '@rightsize/event-store';
import type { EventStorage } from '@rightsize/event-store-sqlite';
import Database from 'better-sqlite3';
import { CountingProjection } from '../../event-store/test/counting-projection.js';
import { sampleEvents } from '../../event-store/test/sample-events.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
let storage: EventStorage;

beforeEach(async () => {
  folder = new ScratchFolder();
  storage = await folder.open();
  await storage.store.append('a', sampleEvents(6));
  await storage.store.append('b', sampleEvents(2));
  const runner = new ProjectionRunner(storage.store, storage.readModels, [new CountingProjection()]);
  await runner.start();
  await runner.stop();
});
afterEach(() => folder.clean());

/** As a hand or another program would. */
function meddle(sql: string): void {
  const other = new Database(storage.file);
  other.exec(sql);
  other.close();
}

describe('the inspection of a log', () => {
  it('finds nothing wrong with a whole one, and tells what is in it', async () => {
    expect(await storage.inspector.inspect()).toEqual({
      floor: 0,
      head: 8,
      events: 8,
      belowFloor: 0,
      withoutChecksum: 0,
      byType: { sample: { events: 8, versions: [1] } },
      problems: [],
    });
  });

  it.each([
    ['changed data', `UPDATE events SET data = '{"tokens":8}' WHERE position = 3`, /not what was written: .* at 3/],
    ['a changed time', 'UPDATE events SET recorded_at_ms = 5 WHERE position = 3', /not what was written: .* at 3/],
    ['an event gone from the middle', 'DELETE FROM events WHERE position = 3', /events are missing: positions 3 to 3/],
    ['the newest gone', 'DELETE FROM events WHERE position > 6', /positions 7 to 8 were given out/],
    ['a gap in a stream', 'UPDATE events SET version = 9 WHERE position = 6', /gaps in their versions: a/],
    ['a checkpoint beyond the end', 'UPDATE projection_checkpoints SET position = 99', /stands at 99, beyond/],
    [
      'a checkpoint before the floor',
      'INSERT INTO log_floor VALUES (1, 8, 0); UPDATE projection_checkpoints SET position = 1',
      /stands at 1, and the log begins after 8/,
    ],
  ])('finds %s', async (_what, sql, said) => {
    meddle(sql);

    const { problems } = await storage.inspector.inspect();
    expect(problems.join('\n')).toMatch(said);
  });

  it('counts events that have no checksum, and takes no gap before them for a loss', async () => {
    meddle(
      'UPDATE events SET checksum = NULL; DELETE FROM events WHERE position = 3; UPDATE events SET version = version - 1 WHERE position IN (4, 5, 6)',
    );

    expect(await storage.inspector.inspect()).toMatchObject({ withoutChecksum: 7, problems: [] });
  });

  it('tells the first of many, and how many more', async () => {
    meddle(`UPDATE events SET data = '{}'`);

    expect((await storage.inspector.inspect()).problems.join()).toMatch(/at 5, and 3 more$/);
  });
});

describe('rewriting what must be forgotten', () => {
  it('changes the events that hold it and no others, with checksums to match, and leaves nothing in the file', async () => {
    await storage.store.append('c', sampleEvents(300, { data: { client: 'Zeno of Elea', n: 1 } }));
    const forget = (data: string): string => data.replace('"Zeno of Elea"', 'null');

    expect(await storage.stored.rewrite('Zeno of Elea', forget)).toBe(300);
    storage.retention.vacuumWhole();
    expect(storage.stored.emptyWriteAheadLog()).toBe(true);
    expect(await storage.inspector.inspect()).toMatchObject({ problems: [], withoutChecksum: 0 });
    expect(await storage.store.readStream('c', { from: 300, limit: 1 })).toMatchObject([{ data: { client: null } }]);
    expect(readFileSync(storage.file).includes('Zeno')).toBe(false);
  });
});

describe('importing', () => {
  const everything = () => storage.stored.page(0, 100);

  it('puts every event at the place and time it had, once, however often it is interrupted', async () => {
    const copy = await folder.open();
    await copy.imported.begin(0, [], 1);
    expect(await copy.imported.put(everything().slice(0, 3))).toBe(3);
    await copy.imported.begin(0, [], 1);
    expect(await copy.imported.put(everything())).toBe(5);

    expect(copy.stored.page(0, 100)).toEqual(everything());
    expect(await copy.store.append('a', sampleEvents(1))).toMatchObject({ position: 9, version: 7 });
  });

  it('takes along the floor and its snapshot', async () => {
    const copy = await folder.open();
    await copy.imported.begin(4, [{ projection: 'counting', version: 1, key: 'a', row: '{"count":4}' }], 1);
    await copy.imported.put(everything().slice(4));
    const projection = new CountingProjection();
    const runner = new ProjectionRunner(copy.store, copy.readModels, [projection]);
    await runner.start();
    await runner.stop();

    expect(projection.counts).toEqual({ a: 6, b: 2 });
    expect((await copy.inspector.inspect()).problems).toEqual([]);
  });

  it('refuses a file that holds another log, and leaves it as it is', async () => {
    const other = await folder.open();
    await other.store.append('x', sampleEvents(2));

    await expect(other.imported.put(everything())).rejects.toMatchObject({ code: 'schema' });
    await expect(other.imported.begin(4, [], 1)).rejects.toMatchObject({ code: 'schema' });
    expect(await other.store.head()).toBe(2);
  });
});
