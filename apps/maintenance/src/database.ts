import { existsSync } from 'node:fs';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';

/** Runs `work` on an existing database. Throws when the file does not exist: maintenance must not create one. */
export async function withDatabase<T>(file: string, work: (storage: EventStorage) => Promise<T>): Promise<T> {
  if (!existsSync(file)) throw new Error(`${file} does not exist; name the gateway's database with --db`);
  const storage = await openEventStorage({ file });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}
