import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EventStoreError, type EventStoreErrorCode } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import Database from 'better-sqlite3';
import { sampleEvents } from '../../event-store/test/sample-events.js';
import { asOrdinaryUser } from './ordinary-user.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
beforeEach(() => {
  folder = new ScratchFolder();
});
afterEach(() => folder.clean());

async function errorOfOpening(file: string): Promise<EventStoreError> {
  const error: unknown = await folder.open({ file, lockedAfterMs: 50 }).then(
    () => new Error('it opened'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EventStoreError)) throw error;
  return error;
}

/** The code, and a message that names the file and says what to do. */
function refusal(code: EventStoreErrorCode, file: string, remedy: RegExp): object {
  return { code, message: expect.stringMatching(new RegExp(`database ${file} .*${remedy.source}`)) };
}

/** A closed database with `count` events, so that all is in the one file. */
async function fileWithEvents(count: number): Promise<string> {
  const storage = await folder.open();
  await storage.store.append('a', sampleEvents(count));
  await storage.close();
  return storage.file;
}

describe('opening', () => {
  it('refuses a file that is not a database', async () => {
    const file = folder.newFile();
    writeFileSync(file, 'Dear diary, this is no database. '.repeat(500));

    expect(await errorOfOpening(file)).toMatchObject(
      refusal('corrupt', file, /not an SQLite database .*: name another file/),
    );
    expect(readFileSync(file, 'utf8')).toContain('Dear diary');
  });

  it('refuses a file that was cut off', async () => {
    const file = await fileWithEvents(500);
    truncateSync(file, Math.floor(statSync(file).size / 2));

    expect(await errorOfOpening(file)).toMatchObject(refusal('corrupt', file, /damaged .*: restore a copy/));
  });

  it('refuses a file whose folder is not there, and says which', async () => {
    const file = join(folder.path, 'nowhere', 'log.sqlite');

    expect(await errorOfOpening(file)).toMatchObject(refusal('io', file, /make its folder .*nowhere first/));
  });

  it('refuses a folder in place of a file', async () => {
    const file = folder.newFile();
    mkdirSync(file);

    expect(await errorOfOpening(file)).toMatchObject(refusal('io', file, /cannot be opened .*: check/));
  });

  it('refuses the database of another program and leaves it alone', async () => {
    const file = folder.newFile();
    const other = new Database(file);
    other.exec('CREATE TABLE songs (title text)');
    other.close();
    const before = readFileSync(file);

    expect(await errorOfOpening(file)).toMatchObject(
      refusal('schema', file, /another program \(it has a table songs\): name another file/),
    );
    expect(readFileSync(file)).toEqual(before);
  });

  it('refuses a schema from the future', async () => {
    const file = await fileWithEvents(1);
    const future = new Database(file);
    future.exec(`INSERT INTO migrations (timestamp, name) VALUES (9, 'AddWonders9')`);
    future.close();

    expect(await errorOfOpening(file)).toMatchObject(
      refusal('schema', file, /newer Rightsize \(migration AddWonders9\): upgrade/),
    );
  });

  it('refuses a file that may not be written', async () => {
    const file = await fileWithEvents(1);
    chmodSync(file, 0o444);
    chmodSync(folder.path, 0o777);

    expect(await asOrdinaryUser(() => errorOfOpening(file))).toMatchObject(
      refusal('read-only', file, /make the file and its folder writable/),
    );
  });

  it('refuses a folder that may not be written', async () => {
    const file = await fileWithEvents(1);
    chmodSync(file, 0o666);
    chmodSync(dirname(file), 0o555);

    const error = await asOrdinaryUser(() => errorOfOpening(file));
    chmodSync(dirname(file), 0o755);
    expect(error).toMatchObject(refusal('read-only', file, /make the file and its folder writable/));
  });

  it('refuses a new file in a folder that may not be written', async () => {
    const file = folder.newFile();
    chmodSync(dirname(file), 0o555);

    const error = await asOrdinaryUser(() => errorOfOpening(file));
    chmodSync(dirname(file), 0o755);
    expect(error).toMatchObject(refusal('io', file, /this user may write there/));
  });

  it('refuses a file that another process keeps to itself', async () => {
    const file = await fileWithEvents(1);
    const other = new Database(file);
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');

    try {
      expect(await errorOfOpening(file)).toMatchObject(refusal('locked', file, /another process .*: end that process/));
    } finally {
      other.close();
    }
  });

  it('takes an empty file and a file with an older schema, and migrates them', async () => {
    const empty = folder.newFile();
    writeFileSync(empty, '');
    const older = await fileWithEvents(3);
    const back = new Database(older);
    back.exec(`DROP VIEW model_statistics; DROP VIEW template_statistics;
      DELETE FROM migrations WHERE name LIKE 'CreateStatisticsViews%'`);
    back.close();

    expect(await (await folder.open({ file: empty })).store.head()).toBe(0);
    const storage = await folder.open({ file: older });
    expect(await storage.store.head()).toBe(3);
    expect(await storage.dataSource.query('SELECT count(*) AS n FROM model_statistics')).toEqual([{ n: 0 }]);
  });

  it('takes up what a process that was killed left in the write-ahead log', async () => {
    const storage = await folder.open();
    await storage.store.append('a', sampleEvents(20));
    const copy = folder.newFile();
    for (const suffix of ['', '-wal']) copyFileSync(`${storage.file}${suffix}`, `${copy}${suffix}`);

    expect(await (await folder.open({ file: copy })).store.head()).toBe(20);
  });

  it('leaves nothing open when it fails', async () => {
    const file = await fileWithEvents(1);
    const future = new Database(file);
    future.exec(`INSERT INTO migrations (timestamp, name) VALUES (9, 'AddWonders9')`);
    await errorOfOpening(file);

    // In exclusive mode SQLite refuses as long as any other connection has the file open in WAL mode.
    future.pragma('locking_mode = EXCLUSIVE');
    future.exec(`BEGIN EXCLUSIVE; DELETE FROM migrations WHERE timestamp = 9; COMMIT`);
    future.close();
    await expect(openEventStorage({ file }).then((storage) => storage.close())).resolves.toBeUndefined();
  });
});
