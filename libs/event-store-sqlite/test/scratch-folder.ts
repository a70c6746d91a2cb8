import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventStorage, type EventStorage, type EventStorageOptions } from '@rightsize/event-store-sqlite';

/** A folder for database files and what was opened in it; `clean` closes and removes all. */
export class ScratchFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'rightsize-'));
  readonly #opened: EventStorage[] = [];
  readonly #open: typeof openEventStorage;
  #files = 0;

  constructor(open: typeof openEventStorage = openEventStorage) {
    this.#open = open;
  }

  newFile(): string {
    this.#files += 1;
    return join(this.path, `${this.#files}.sqlite`);
  }

  async open(options: Partial<EventStorageOptions> = {}): Promise<EventStorage> {
    const storage = await this.#open({ file: options.file ?? this.newFile(), ...options });
    this.#opened.push(storage);
    return storage;
  }

  async clean(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((storage) => storage.close()));
    rmSync(this.path, { recursive: true, force: true });
  }
}
