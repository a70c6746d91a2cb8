import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InMemoryEventStore, InMemoryReadModelStore } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { DEFAULT_POLICY } from '@rightsize/optimizer-core';
import { LogTaskThreads } from '../src/retraining/log-task-threads.js';

/** As it was built: threads run no TypeScript. */
const PROGRAM = new URL('../dist/retraining/log-task.worker.js', import.meta.url);

const RETRAIN = { kind: 'retrain', model: null, base: DEFAULT_POLICY } as const;
const nowhere = { store: new InMemoryEventStore(), readModels: new InMemoryReadModelStore() };

let folder: string;
let file: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-threads-'));
  file = join(folder, 'log.sqlite');
  const storage = await openEventStorage({ file });
  const event = { type: 'template.evicted', schemaVersion: 1, metadata: {} };
  const data = { templateId: 't', model: 'm', uses: 1, atMs: 1 };
  await storage.store.append(
    's',
    Array.from({ length: 5 }, (_, at) => ({ ...event, id: `e${at}`, data })),
  );
  await storage.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a replay of a log that is a file', () => {
  it('is done by a thread, which reads the file itself and tells how far it is', async () => {
    const doing: string[] = [];
    const threads = new LogTaskThreads(file, PROGRAM);
    // The storage of this thread is not touched.
    const result = await threads.run({} as never, RETRAIN, (what) => doing.push(what));
    expect(result).toMatchObject({ kind: 'too-little', requests: 0 });
    expect(doing).toContain('reading');
    const asked = { policy: DEFAULT_POLICY };
    const whatIf = threads.run({} as never, { kind: 'what-if', stretch: {}, model: 'm', asked }, () => undefined);
    expect(await whatIf).toEqual({ requests: 0 });
  });

  it('ends with the application, and whoever waits is told', async () => {
    const threads = new LogTaskThreads(file, PROGRAM);
    const running = threads.run({} as never, RETRAIN, () => undefined);
    await Promise.all([expect(running).rejects.toThrow('ended'), threads.stop()]);
  });

  it('that cannot be read fails', async () => {
    const threads = new LogTaskThreads(folder, PROGRAM);
    await expect(threads.run({} as never, RETRAIN, () => undefined)).rejects.toThrow();
  });
});

describe('a replay of what is no file', () => {
  it('is done where it is', async () => {
    const threads = new LogTaskThreads(':memory:', PROGRAM);
    expect(await threads.run(nowhere, RETRAIN, () => undefined)).toMatchObject({ kind: 'too-little' });
  });

  it('is done where it is when the program of the thread was left behind', async () => {
    const threads = new LogTaskThreads(file, new URL('./left-behind.js', import.meta.url));
    expect(await threads.run(nowhere, RETRAIN, () => undefined)).toMatchObject({ kind: 'too-little' });
  });
});
