import { ProjectionRunner, Upcasters, verifyReadModels } from '@rightsize/event-store';
import { retain, type EventStorage, type RetainOptions } from '@rightsize/event-store-sqlite';
import { CountingProjection } from '../../event-store/test/counting-projection.js';
import { readWholeLog, sampleEvents } from '../../event-store/test/sample-events.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
let nowMs: number;
let storage: EventStorage;

beforeEach(async () => {
  folder = new ScratchFolder();
  nowMs = 1_000;
  storage = await folder.open({ now: () => nowMs });
});
afterEach(() => folder.clean());

/** Appends `count` events at a time. */
async function at(ms: number, count: number, stream = 'a', type = 'sample'): Promise<void> {
  nowMs = ms;
  await storage.store.append(stream, sampleEvents(count, { type }));
}

async function fold(version = 1): Promise<CountingProjection> {
  const projection = new CountingProjection({ version });
  const runner = new ProjectionRunner(storage.store, storage.readModels, [projection], { pageSize: 3, pollMs: 0 });
  await runner.start();
  await runner.stop();
  return projection;
}

function retainFrom(cutoffMs: number | null, options: Partial<RetainOptions> = {}, version = 1) {
  const base = { cutoffMs, maxBytes: null, upcasters: new Upcasters(), nowMs: 10_000 };
  return retain(storage, [new CountingProjection({ version })], { ...base, ...options });
}

const rows = (version = 1): Record<string, unknown> => Object.fromEntries(storage.readModels.rows('counting', version));
const positions = async (): Promise<readonly number[]> => (await readWholeLog(storage.store)).map((e) => e.position);

describe('retention', () => {
  it('deletes what is old enough, and a rebuild still gives what the whole log gave', async () => {
    await at(1_000, 5);
    await at(2_000, 4, 'b');
    await at(3_000, 3);
    await fold();

    expect(await retainFrom(3_000)).toMatchObject({ from: 0, to: 9, wanted: 9, heldBackBy: null, deleted: 9 });
    expect(await positions()).toEqual([10, 11, 12]);
    expect(await verifyReadModels(storage.store, storage.readModels, [new CountingProjection()])).toEqual([]);
    expect(rows()).toEqual({ a: { count: 8 }, b: { count: 4 } });
    // Built from nothing but the snapshot and what is left.
    storage.readModels.drop('counting', 1);
    expect(rows()).toEqual({ a: { count: 5 }, b: { count: 4 } });
    expect((await fold()).counts).toEqual({ a: 8, b: 4 });
  });

  it('takes the next snapshot from the one before', async () => {
    for (const ms of [1_000, 2_000, 3_000, 4_000]) await at(ms, 2);
    await fold();
    await retainFrom(2_000);
    await retainFrom(4_000);

    expect(await positions()).toEqual([7, 8]);
    expect(Object.fromEntries(storage.readModels.base('counting', 1).rows)).toEqual({ a: { count: 6 } });
    expect(await verifyReadModels(storage.store, storage.readModels, [new CountingProjection()])).toEqual([]);
  });

  it('keeps what a projection has yet to fold, and says which', async () => {
    await at(1_000, 4);
    await fold();
    await at(1_000, 4);

    expect(await retainFrom(3_000)).toMatchObject({ to: 4, wanted: 8, heldBackBy: 'counting' });
    expect(await positions()).toEqual([5, 6, 7, 8]);
  });

  it('deletes nothing when a projection was never folded: there would be no snapshot of it', async () => {
    await at(1_000, 4);

    expect(await retainFrom(3_000)).toMatchObject({ from: 0, to: 0, heldBackBy: 'counting', deleted: 0 });
  });

  it('refuses when the file holds rows that it does not know, and deletes nothing', async () => {
    await at(1_000, 4);
    await fold(2);

    await expect(retainFrom(3_000, {}, 1)).rejects.toMatchObject({
      code: 'schema',
      message: expect.stringContaining('projection counting v2, which this program does not know'),
    });
    expect(await positions()).toHaveLength(4);
  });

  it('begins a fold that has changed at the floor: what came before is gone', async () => {
    await at(1_000, 4);
    await at(2_000, 2);
    await fold();
    await retainFrom(2_000);

    expect((await fold(2)).counts).toEqual({ a: 4 });
    const both = [new CountingProjection({ version: 2 })];
    expect(await verifyReadModels(storage.store, storage.readModels, both)).toEqual([]);
  });

  it('finishes the deleting that a killed run has left, from the floor that it had set', async () => {
    await at(1_000, 6);
    await fold();
    let asked = 0;
    // Folding and the floor's move are through after the first question; every step of deleting asks.
    await retainFrom(3_000, { stop: () => (asked += 1) > 1 });
    expect(storage.retention.floor()).toBe(6);
    expect(await positions()).toHaveLength(6);

    expect(await verifyReadModels(storage.store, storage.readModels, [new CountingProjection()])).toEqual([]);
    expect(await retainFrom(null)).toMatchObject({ from: 6, to: 6, deleted: 6 });
    expect(await positions()).toEqual([]);
    expect(await storage.store.append('a', sampleEvents(1))).toMatchObject({ position: 7 });
  });

  it('keeps for good the types it is told to', async () => {
    await at(1_000, 2);
    await at(1_000, 1, 'policy', 'policy');
    await at(1_000, 2);
    await fold();

    await retainFrom(3_000, { keepTypes: ['policy'] });
    expect((await readWholeLog(storage.store)).map(({ position, type }) => [position, type])).toEqual([[3, 'policy']]);
    expect((await storage.inspector.inspect()).problems).toEqual([]);
  });

  it('is not stopped for years by one event from a clock that was ahead', async () => {
    await at(1_000, 2);
    await at(99_999_999, 1);
    await at(2_000, 2);
    await fold();

    expect(await retainFrom(2_000)).toMatchObject({ to: 3 });
  });

  it('takes the clock as it was: what was recorded before it went back stays as long as what is younger', async () => {
    await at(5_000, 2);
    await at(1_000, 2);
    await fold();

    expect(await retainFrom(3_000)).toMatchObject({ to: 0, deleted: 0 });
    expect(await retainFrom(6_000)).toMatchObject({ to: 4, deleted: 4 });
    expect((await storage.inspector.inspect()).problems).toEqual([]);
  });

  it('only tells in a dry run', async () => {
    await at(1_000, 5);
    await fold();

    expect(await retainFrom(3_000, { dryRun: true })).toMatchObject({ from: 0, to: 5, deleted: 0 });
    expect(await positions()).toHaveLength(5);
    expect(storage.retention.floor()).toBe(0);
  });

  it('keeps the file near a size, and gives the rest back to the disk', async () => {
    nowMs = 1_000;
    const large = (count: number) => sampleEvents(count, { data: { text: 'x'.repeat(1_000) } });
    for (let i = 0; i < 20; i += 1) await storage.store.append(`s${i}`, large(100));
    await fold();
    const full = storage.retention.sizes().fileBytes;
    const report = await retainFrom(null, { maxBytes: full / 2 });

    expect(report.to).toBeGreaterThan(900);
    expect(report.to).toBeLessThan(1_300);
    expect(report.freeBytesAfter).toBe(0);
    expect(report.fileBytesAfter).toBeLessThan(full * 0.65);
  });

  it('refuses to go on folding where events that were needed are gone', async () => {
    await at(1_000, 5);
    await fold();
    await retainFrom(3_000);
    const { readModels } = storage;

    expect(() => readModels.commit('late', 1, 2, 3, () => {})).toThrow(/is at 5, not at 2/);
  });

  it('lets appends go on all the while', async () => {
    await at(1_000, 2_000);
    await fold();
    nowMs = 5_000;
    const beside = { appended: 0, done: false };
    const appending = (async () => {
      while (!beside.done) {
        await storage.store.append('b', sampleEvents(1));
        beside.appended += 1;
      }
    })();
    await retainFrom(3_000);
    beside.done = true;
    await appending;

    expect(beside.appended).toBeGreaterThan(20);
    expect(await positions()).toHaveLength(beside.appended);
    expect((await storage.inspector.inspect()).problems).toEqual([]);
  });
});
