import { existsSync } from 'node:fs';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';

/** A gateway that is busy writes all the time; a command has the time to wait for its turn. */
const BUSY_TIMEOUT_MS = 30_000;

/** Runs `work` on an existing database. Throws when the file does not exist: maintenance must not create one. */
export async function withDatabase<T>(file: string, work: (storage: EventStorage) => Promise<T>): Promise<T> {
  if (!existsSync(file)) throw new Error(`${file} does not exist; name the gateway's database with --db`);
  const storage = await openEventStorage({ file, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}
