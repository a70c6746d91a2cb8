import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectionRunner, type NewEvent } from '@rightsize/event-store';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { Call } from '../src/command.js';
import { SILENT } from '../src/progress.js';

const golden = (type: string): { readonly data: Readonly<Record<string, unknown>> } =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${type}.v1.json`, import.meta.url), 'utf8')) as {
    data: Readonly<Record<string, unknown>>;
  };

const OPTIMIZED = golden('request.optimized').data;
const COMPLETED = golden('request.completed').data;
const DAY_MS = 86_400_000;

let serial = 0;

function event(type: string, data: unknown): NewEvent {
  serial += 1;
  const id = `019363a0-0000-7000-8000-${serial.toString(16).padStart(12, '0')}`;
  return { id, type, schemaVersion: 1, data, metadata: { correlationId: id } };
}

/** A database with requests of some clients, in a folder of its own. */
export class SampleLog {
  readonly folder = mkdtempSync(join(tmpdir(), 'rightsize-maintenance-'));
  readonly file = join(this.folder, 'log.sqlite');

  path(name: string): string {
    return join(this.folder, name);
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** `count` requests of a client, recorded so many days ago; two events each. */
  requests(count: number, client: string, daysAgo = 0): Promise<void> {
    return this.open(
      async ({ store }) => {
        for (let i = 0; i < count; i += 1) {
          const requestId = `${client}-${daysAgo}-${i}`;
          const atMs = Date.now() - daysAgo * DAY_MS;
          await store.append(`request-${requestId}`, [
            event('request.optimized', { ...OPTIMIZED, requestId, client, atMs }),
            event('request.completed', { ...COMPLETED, requestId, outputTokens: 10 + i, atMs }),
          ]);
        }
      },
      Date.now() - daysAgo * DAY_MS,
    );
  }

  /** Folds all that there is. */
  fold(): Promise<void> {
    return this.open(async ({ store, readModels }) => {
      const projections = new ReadModels().all;
      const runner = new ProjectionRunner(store, readModels, projections, { upcasters: EVENT_UPCASTERS });
      await runner.start();
      await runner.stop();
    });
  }

  async open<T>(use: (storage: EventStorage) => Promise<T>, nowMs?: number): Promise<T> {
    const storage = await openEventStorage({ file: this.file, ...(nowMs === undefined ? {} : { now: () => nowMs }) });
    try {
      return await use(storage);
    } finally {
      await storage.close();
    }
  }

  /** What a command is called with. */
  call(options: Call['options'] = {}, more: Partial<Call> = {}): Call {
    return { db: this.file, dryRun: false, args: [], options, progress: SILENT, ...more };
  }
}
