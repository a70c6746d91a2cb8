import type Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { committingHere, type AppendCommitter } from './append-committer.js';
import { AppendThread } from './append-thread.js';
import { rightsizeDataSourceOptions } from './data-source.js';
import type { EventStorage, EventStorageOptions } from './event-storage.js';
import { BUSY_TIMEOUT_MS, LOCKED_AFTER_MS, openReader, openWriter } from './handles.js';
import { LogFloor } from './log-floor.js';
import { LogInspector } from './log-inspection.js';
import { PatientWrites } from './patient-writes.js';
import { SqliteRetention } from './retention/sqlite-retention.js';
import { bringUpToDate } from './schema.js';
import { asEventStoreError } from './sqlite-failure.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteParkedEvents } from './sqlite-parked-events.js';
import { SqliteReadModelStore } from './sqlite-read-model-store.js';
import { StoredEvents } from './stored-events.js';
import { LogImport } from './transfer/log-import.js';
import { WriteHealth } from './write-health.js';

/**
 * Opens the file and brings its schema up to date. Rejects with an EventStoreError that names the
 * file and the remedy. Several processes may open one file: they share it correctly, each append
 * and commit taking SQLite's write lock in turn.
 */
export async function openEventStorage(options: EventStorageOptions): Promise<EventStorage> {
  const opened: (() => unknown)[] = [];
  try {
    const writer = openWriter(options);
    opened.push(() => writer.close());
    const dataSource = await openDataSource(options.file, opened);
    const reader = openReader(options.file);
    opened.push(() => reader.close());
    const committer = await committerOf(options, writer);
    return assemble(options, { writer, reader, dataSource }, committer, () => closeAll(opened));
  } catch (error) {
    await closeAll(opened);
    throw asEventStoreError(error, options.file);
  }
}

async function openDataSource(file: string, opened: (() => unknown)[]): Promise<DataSource> {
  const dataSource = await new DataSource(rightsizeDataSourceOptions(file)).initialize();
  opened.push(() => dataSource.destroy());
  await bringUpToDate(dataSource, file);
  // TypeORM's overlapping transactions become savepoints of each other: through here nothing may be written.
  await dataSource.query('PRAGMA query_only = ON');
  return dataSource;
}

function assemble(
  options: EventStorageOptions,
  handles: { readonly writer: Database.Database; readonly reader: Database.Database; readonly dataSource: DataSource },
  committer: AppendCommitter,
  closeHandles: () => Promise<void>,
): EventStorage {
  const { file } = options;
  const { writer, reader, dataSource } = handles;
  const health = new WriteHealth();
  const writes = new PatientWrites(writer, file, options.lockedAfterMs ?? LOCKED_AFTER_MS);
  const floor = new LogFloor(writer, reader);
  const stored = new StoredEvents(handles, writes);
  const parked = new SqliteParkedEvents(writer, reader, options.now ?? Date.now);
  const store = new SqliteEventStore(committer, reader, health, {
    file,
    maxQueuedEvents: options.maxQueuedEvents ?? 20_000,
    maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    lockedAfterMs: options.lockedAfterMs ?? LOCKED_AFTER_MS,
    now: options.now ?? Date.now,
    onClose: closeHandles,
  });
  return {
    file,
    store,
    readModels: new SqliteReadModelStore(handles, { parked, floor, health }, file),
    dataSource,
    retention: new SqliteRetention(handles, floor, writes),
    stored,
    inspector: new LogInspector(reader, floor, stored),
    imported: new LogImport(writer, file, writes),
    health: () => ({
      queuedEvents: store.queuedEvents,
      queuedBytes: store.queuedBytes,
      lastError: health.lastError,
    }),
    close: () => store.close(),
  };
}

/** Sources that are run as they are, as tests do, have no script for a thread beside them. */
async function committerOf(options: EventStorageOptions, writer: Database.Database): Promise<AppendCommitter> {
  const { file, synchronous, maxFileBytes, busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
  const canThread = options.appendThread === true && file !== ':memory:' && import.meta.url.endsWith('.js');
  if (!canThread) return committingHere(writer);
  const thread = new AppendThread({
    file,
    busyTimeoutMs,
    // Whoever appends waits in the queue, which tells health of it.
    lockedAfterMs: busyTimeoutMs,
    ...(synchronous === undefined ? {} : { synchronous }),
    ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
  });
  await thread.begin();
  return thread;
}

/** Last opened, first closed: the writer goes last and folds the write-ahead log into the file. */
async function closeAll(opened: (() => unknown)[]): Promise<void> {
  for (const close of opened.splice(0).toReversed()) await close();
}
