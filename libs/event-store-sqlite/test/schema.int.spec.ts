import { EventEntity, ReadModelRowEntity, rightsizeDataSourceOptions } from '@rightsize/event-store-sqlite';
import { DataSource } from 'typeorm';
import { sampleEvent } from '../../event-store/test/sample-events.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
beforeEach(() => {
  folder = new ScratchFolder();
});
afterEach(() => folder.clean());

describe('the schema', () => {
  it('is the same in migrations and entities', async () => {
    const { dataSource } = await folder.open();
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();

    expect(upQueries.map((query) => query.query)).toEqual([]);
  });

  it('goes all the way back and up again by migrations', async () => {
    const source = await new DataSource(rightsizeDataSourceOptions(folder.newFile())).initialize();
    const tables = async (): Promise<readonly string[]> =>
      (await source.query<{ name: string }[]>(`SELECT name FROM sqlite_master WHERE type IN ('table', 'view')`))
        .map((row) => row.name)
        .filter((name) => name !== 'migrations' && name !== 'sqlite_sequence');
    const ran = await source.runMigrations();
    const full = await tables();
    for (const _ of ran) await source.undoLastMigration();
    const none = await tables();
    await source.runMigrations();

    expect(full).toContain('events');
    expect(none).toEqual([]);
    expect(await tables()).toEqual(full);
    await source.destroy();
  });

  it('is read through TypeORM, which can write nothing', async () => {
    const { store, readModels, dataSource } = await folder.open();
    const event = sampleEvent({ metadata: { correlationId: 'r1' } });
    await store.append('a', [event]);
    readModels.commit('p', 1, 0, 1, (writer) => writer.put('k', { n: 1 }));
    const events = dataSource.getRepository(EventEntity);

    expect(await events.find()).toMatchObject([
      { position: 1, id: event.id, stream: 'a', version: 1, correlationId: 'r1', causationId: null },
    ]);
    expect(await dataSource.getRepository(ReadModelRowEntity).find()).toMatchObject([{ key: 'k', row: '{"n":1}' }]);
    await expect(events.clear()).rejects.toThrow(/readonly/);
  });

  it('gives no position twice, even after the newest events were deleted', async () => {
    const storage = await folder.open();
    await storage.store.append('a', [sampleEvent(), sampleEvent()]);
    await storage.close();
    const source = await new DataSource(rightsizeDataSourceOptions(storage.file)).initialize();
    await source.query('DELETE FROM events');
    await source.destroy();
    const { store } = await folder.open({ file: storage.file });

    expect(await store.append('a', [sampleEvent()])).toMatchObject({ position: 3 });
  });
});

describe('the views', () => {
  const sample = { capacity: 64, values: [100, 200, 300] };
  const mean = { samples: 3, mean: 0, variance: 0 };

  it('show the statistics in use as columns', async () => {
    const { readModels, dataSource } = await folder.open();
    const template = { templateId: 't1', model: 'm', requests: 5, completions: 4, prompts: sample, outputs: sample };
    const seen = { firstSeenMs: 0, lastSeenMs: 1_795_417_427_000 };
    readModels.commit('template-statistics', 1, 0, 9, (writer) => writer.put('t1', { ...template, ...seen }));
    readModels.commit('template-statistics', 2, 0, 3, (writer) => writer.put('unfinished', template));

    expect(await dataSource.query('SELECT * FROM template_statistics')).toEqual([
      {
        template_id: 't1',
        model: 'm',
        requests: 5,
        completions: 4,
        recent_prompt_tokens_mean: 200,
        recent_output_tokens_mean: 200,
        first_seen: '1970-01-01T00:00:00Z',
        last_seen: '2026-11-23T07:03:47Z',
      },
    ]);
  });

  it('show what is known of a model', async () => {
    const { readModels, dataSource } = await folder.open();
    const counts = { requests: 9, completions: 8, tainted: 2, reloads: 1, truncations: 3, windows: { '4096': 8 } };
    const rates = { calibration: mean, loadSeconds: { ...mean, mean: 2.5 }, prefillRate: mean, decodeRate: mean };
    const row = { model: 'm', ...counts, ...rates, outputs: sample, needs: sample, lastSeenMs: 0 };
    readModels.commit('model-statistics', 1, 0, 9, (writer) => writer.put('m', row));

    expect(await dataSource.query('SELECT * FROM model_statistics')).toMatchObject([
      {
        model: 'm',
        requests: 9,
        tainted: 2,
        reloads: 1,
        truncations: 3,
        tokens_per_estimated_token: 1,
        recent_output_tokens_mean: 200,
        load_seconds_mean: 2.5,
        windows: '{"4096":8}',
        last_seen: '1970-01-01T00:00:00Z',
      },
    ]);
  });
});
