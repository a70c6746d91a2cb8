import Database from 'better-sqlite3';
import { sampleEvents } from '../../event-store/test/sample-events.js';
import { READ_ALL, READ_STREAM, READ_TYPES } from '../src/event-reader.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
let database: Database.Database;
beforeAll(async () => {
  folder = new ScratchFolder();
  const { store, file } = await folder.open();
  for (let i = 0; i < 20; i += 1) await store.append(`s${i % 5}`, sampleEvents(50, { type: `t${i % 3}` }));
  await store.close();
  database = new Database(file);
});
afterAll(async () => {
  database.close();
  await folder.clean();
});

function planOf(sql: string): readonly string[] {
  const parameters = Array.from({ length: sql.split('?').length - 1 }, () => null);
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
  return (rows as { readonly detail: string }[]).map((row) => row.detail);
}

describe('query plans', () => {
  // With statistics the planner may think again; the log's owner may run ANALYZE at any time.
  describe.each(['without statistics', 'with statistics'])('%s', (statistics) => {
    beforeAll(() => {
      if (statistics === 'with statistics') database.exec('ANALYZE');
    });

    it('polling walks the primary key from where it stands, without sorting', () => {
      expect(planOf(READ_ALL)).toEqual(['SEARCH events USING INTEGER PRIMARY KEY (rowid>?)']);
    });

    it('polling by type walks a stretch of the primary key, without sorting', () => {
      const [first, ...rest] = planOf(READ_TYPES);
      expect(first).toBe('SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
      expect(rest.join('\n')).not.toContain('B-TREE FOR ORDER BY');
    });

    it('reading a stream walks the index of its versions, without sorting', () => {
      expect(planOf(READ_STREAM)).toEqual([
        'SEARCH events USING INDEX sqlite_autoindex_events_2 (stream=? AND version>?)',
      ]);
    });

    it('the last version of a stream and the place of an id come out of one index each', () => {
      expect(planOf('SELECT position, version FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1')).toEqual([
        'SEARCH events USING COVERING INDEX sqlite_autoindex_events_2 (stream=?)',
      ]);
      expect(planOf('SELECT position, version FROM events WHERE id = ?')).toEqual([
        'SEARCH events USING INDEX sqlite_autoindex_events_1 (id=?)',
      ]);
    });

    it('the head is one step down the primary key', () => {
      expect(planOf('SELECT coalesce(max(position), 0) AS head FROM events')).toEqual(['SEARCH events']);
    });
  });
});
