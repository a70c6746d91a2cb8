import { InMemoryEventStore, InMemoryReadModelStore } from '@rightsize/event-store';
import { DataSource } from 'typeorm';
import { rightsizeDataSourceOptions } from './data-source.js';
import type { EventStorage, EventStorageOptions } from './event-storage.js';

/** Opens the file, brings its schema up to date. Rejects with an EventStoreError that names the file and the remedy. */
export async function openEventStorage(options: EventStorageOptions): Promise<EventStorage> {
  const dataSource = await new DataSource(rightsizeDataSourceOptions(options.file)).initialize();
  const store = new InMemoryEventStore();
  return {
    file: options.file,
    store,
    readModels: new InMemoryReadModelStore(),
    dataSource,
    health: () => ({ queuedEvents: 0, queuedBytes: 0, lastError: null }),
    close: async () => {
      await store.close();
      await dataSource.destroy();
    },
  };
}
