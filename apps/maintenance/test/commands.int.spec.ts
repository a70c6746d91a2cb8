import { existsSync, readFileSync, truncateSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { erase } from '../src/erase.js';
import { exportLog } from '../src/export.js';
import { importLog } from '../src/import.js';
import { migrate } from '../src/migrate.js';
import { parked, skip } from '../src/parked.js';
import { rebuild } from '../src/rebuild.js';
import { retain } from '../src/retain.js';
import { verify } from '../src/verify.js';
import { SampleLog } from './sample-log.js';

let log: SampleLog;
beforeEach(async () => {
  log = new SampleLog();
  await log.requests(6, 'editor', 40);
  await log.requests(4, 'aider');
  await log.fold();
});
afterEach(() => log.clean());

/** As a hand or another program would. */
function meddle(sql: string, file = log.file): void {
  const other = new Database(file);
  other.exec(sql);
  other.close();
}

const stored = () => log.open(async ({ stored: events }) => events.page(0, 1_000));

describe('verify', () => {
  it('finds a whole log whole', async () => {
    const { ok, text } = await verify.run(log.call());

    expect(text).toContain('20 events, the last at 20');
    expect(text).toContain('The log is whole.\nThe read models equal a rebuild from the log.');
    expect(ok).toBe(true);
  });

  it('finds a changed event, and the rows that it no longer explains', async () => {
    meddle(`UPDATE events SET data = replace(data, '"outputTokens":12', '"outputTokens":99') WHERE position = 6`);

    const { ok, json } = await verify.run(log.call());
    expect(json).toMatchObject({ problems: [expect.stringMatching(/not what was written: .* at 6/)] });
    expect(json).toHaveProperty('differences.0.kind', 'different');
    expect(ok).toBe(false);
  });

  it('tells what a newer program has written', async () => {
    meddle(
      `UPDATE events SET type = 'moon.landed' WHERE position = 20; UPDATE events SET schema_version = 9 WHERE position = 19`,
    );

    const { text } = await verify.run(log.call());
    expect(text).toContain('1 events of type moon.landed, which this program does not know');
    expect(text).toContain('events of type request.optimized in version 9; this program knows up to 1');
    expect(text).toMatch(/sizing-state v\d+ cannot be folded: event \S+ at position 19/);
  });
});

describe('rebuild', () => {
  it('says what was wrong with the rows in use, and mends it', async () => {
    meddle(`UPDATE read_model_rows SET row = '{}' WHERE projection = 'model-statistics'`);

    const dry = await rebuild.run(log.call({}, { dryRun: true }));
    expect([dry.ok, (await verify.run(log.call())).ok]).toEqual([false, false]);
    const first = await rebuild.run(log.call({ projection: 'model-statistics' }));
    expect(first.text).toMatch(/model-statistics v\d+: 1 rows folded; 1 differ .* switched/);
    expect(first.ok).toBe(false);
    await log.fold();
    expect((await verify.run(log.call())).ok).toBe(true);
    expect((await rebuild.run(log.call())).ok).toBe(true);
  });

  it('names the read models there are when it is asked for another', async () => {
    await expect(rebuild.run(log.call({ projection: 'x' }))).rejects.toThrow(/no such read model; there are model-/);
  });
});

describe('retain', () => {
  it('deletes what is older, says so beforehand, and the log stays whole', async () => {
    const dry = await retain.run(log.call({ days: 30 }, { dryRun: true }));
    expect(dry.text).toContain('begins after position 12 (0 before): about 12 events would be deleted');
    expect(await stored()).toHaveLength(20);

    const { ok, text } = await retain.run(log.call({ days: 30 }));
    expect(text).toContain('12 events deleted');
    expect(ok).toBe(true);
    expect(await stored()).toHaveLength(8);
    expect(await verify.run(log.call())).toMatchObject({ ok: true, text: expect.stringContaining('begins after 12') });
  });

  it('asks for what to keep', async () => {
    await expect(async () => retain.run(log.call())).rejects.toThrow('--days, --max-mib or both');
  });

  it('fails when a read model keeps older events', async () => {
    await log.requests(1, 'late', 35);

    const { ok, text } = await retain.run(log.call({ days: 0 }));
    expect(text).toMatch(/has not folded them: start the gateway, or rebuild/);
    expect(ok).toBe(false);
  });
});

describe('export and import', () => {
  const out = () => log.path('log.ndjson');

  it('bring the log into a new database, event by event, at the same places and times', async () => {
    await exportLog.run(log.call({ out: out() }));
    const copy = log.path('copy.sqlite');
    const { text } = await importLog.run(log.call({}, { db: copy, args: [out()] }));

    expect(text).toContain('20 events imported, 0 were there');
    const before = await stored();
    meddle('DELETE FROM events');
    await importLog.run(log.call({}, { args: [out()] }));
    expect(await stored()).toEqual(before);
    expect((await importLog.run(log.call({}, { args: [out()] }))).text).toContain('0 events imported, 20 were there');
  });

  it('bring along the snapshot of what was deleted', async () => {
    await retain.run(log.call({ days: 30 }));
    await exportLog.run(log.call({ out: out() }));
    const copy = log.path('copy.sqlite');
    await importLog.run(log.call({}, { db: copy, args: [out()] }));
    await rebuild.run(log.call({}, { db: copy }));

    const { ok, json } = await verify.run(log.call({}, { db: copy }));
    expect(json).toMatchObject({
      floor: 12,
      projections: expect.arrayContaining([expect.objectContaining({ checkpoint: 20, rows: 1 })]),
    });
    expect(ok).toBe(true);
  });

  it('leave the names of clients out when they are told to', async () => {
    await exportLog.run(log.call({ out: out(), anonymise: true }));
    expect(readFileSync(out(), 'utf8')).not.toMatch(/"client":"/);

    const copy = log.path('copy.sqlite');
    expect((await importLog.run(log.call({}, { db: copy, args: [out()] }))).json).toMatchObject({ written: 20 });
    await rebuild.run(log.call({}, { db: copy }));
    expect((await verify.run(log.call({}, { db: copy }))).ok).toBe(true);
    expect(JSON.stringify(await stored())).toMatch(/\\"client\\":\\"editor\\"/);
  });

  it('write nothing in a dry run', async () => {
    await exportLog.run(log.call({ out: out() }));
    const copy = log.path('copy.sqlite');

    const { text } = await importLog.run(log.call({}, { db: copy, args: [out()], dryRun: true }));
    expect(text).toContain('20 events can be imported');
    expect(existsSync(copy)).toBe(false);
  });

  it.each([
    ['was cut off', (file: string) => truncateSync(file, statSync(file).size - 60), /was cut off|not a line/],
    [
      'was changed',
      (file: string) =>
        writeFileSync(file, readFileSync(file, 'utf8').replace('"outputTokens":12', '"outputTokens":13')),
      /line 7: event .* checksum does not fit/,
    ],
    ['is no export', (file: string) => writeFileSync(file, 'Dear diary\n'), /line 1 is not a line of an export/],
  ])('refuse a file that %s', async (_what, spoil, said) => {
    await exportLog.run(log.call({ out: out() }));
    spoil(out());

    await expect(importLog.run(log.call({}, { db: log.path('copy.sqlite'), args: [out()] }))).rejects.toThrow(said);
  });
});

describe('erase', () => {
  it('takes the name out of everything, down to the bytes of the file, and says what remains', async () => {
    expect(readFileSync(log.file).includes('aider')).toBe(true);
    const { ok, text } = await erase.run(log.call({ client: 'aider' }));

    expect(text).toContain('4 events named aider; they name nobody now.');
    expect(text).toContain('What remains of its requests:');
    expect(ok).toBe(true);
    // Its request ids are the sample's own, with the name in them; as a value the name is gone.
    expect(readFileSync(log.file).includes('"client":"aider"')).toBe(false);
    expect(readFileSync(log.file).includes('"client":"editor"')).toBe(true);
    expect((await verify.run(log.call())).ok).toBe(true);
  });

  it('changes nothing in a dry run, and nothing for a name that is not there', async () => {
    const before = await stored();
    expect((await erase.run(log.call({ client: 'aider' }, { dryRun: true }))).text).toContain('they still do');
    expect((await erase.run(log.call({ client: 'nobody' }))).text).toContain('No event names nobody.');

    expect(await stored()).toEqual(before);
  });
});

describe('parked events', () => {
  it('are listed with their errors, and skipped only when they are parked', async () => {
    meddle(
      `UPDATE events SET schema_version = 9 WHERE position = 20; DELETE FROM projection_checkpoints; DELETE FROM read_model_rows`,
    );
    await log.fold();
    const { ok, text } = await parked.run(log.call());
    expect(text).toMatch(/model-statistics v\d+ at 20, waits: .* version 9/);
    expect(ok).toBe(false);

    await expect(skip.run(log.call({}, { args: ['model-statistics', '3'] }))).rejects.toThrow('no event is parked');
    await expect(skip.run(log.call({}, { args: ['nothing', '20'] }))).rejects.toThrow('no read model nothing');
    await skip.run(log.call({}, { args: ['model-statistics', '20'], dryRun: true }));
    await log.fold();
    expect((await parked.run(log.call())).text).toMatch(/model-statistics v\d+ at 20, waits/);
    for (const { name } of await waiting()) await skip.run(log.call({}, { args: [name, '20'] }));
    await log.fold();
    expect((await parked.run(log.call())).ok).toBe(true);
    expect(await waiting()).toEqual([]);
  });

  async function waiting(): Promise<readonly { readonly name: string }[]> {
    const { json } = await parked.run(log.call());
    const all = (json as { parked: { projection: string; state: string }[] }).parked;
    return all.filter(({ state }) => state === 'waits').map(({ projection }) => ({ name: projection }));
  }
});

describe('migrate', () => {
  it('tells what it would run, then runs it', async () => {
    expect((await migrate.run(log.call())).text).toContain('is up to date');
    meddle(`DROP TABLE snapshot_rows; DROP TABLE log_floor; DROP TABLE parked_events;
      ALTER TABLE events DROP COLUMN checksum; DELETE FROM migrations WHERE name LIKE 'AddRetention%'`);

    expect((await migrate.run(log.call({}, { dryRun: true }))).json).toMatchObject({
      pending: [expect.stringMatching(/^AddRetention/)],
    });
    await migrate.run(log.call());
    expect(await verify.run(log.call())).toMatchObject({ ok: true, json: { withoutChecksum: 20 } });
  });
});
