import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { EventStoreError } from '@rightsize/event-store';
import Database from 'better-sqlite3';
import type { EventStorageOptions } from './event-storage.js';
import { refuseForeignFile } from './schema.js';

/**
 * Milliseconds for which SQLite itself waits for a lock. It waits with the event loop stopped, so it
 * is about as long as another process's commit; longer waits are retries with the loop running.
 */
export const BUSY_TIMEOUT_MS = 10;

/** Milliseconds for which writes wait for another process, unless configured. */
export const LOCKED_AFTER_MS = 5_000;

/** After a checkpoint the write-ahead log is cut back to this; a burst would leave its size on disk forever. */
const JOURNAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Pages of 4 KiB after which the write-ahead log is copied into the file, with a flush of the disk, by the commit
 * that meets it. SQLite's own 1,000 are reached several times a second under load, because the same rows are
 * written over and over: sixteen times fewer copies write each of those pages once.
 */
const CHECKPOINT_PAGES = 16_000;

/** The only handle that writes events and rows: one, because SQLite has one writer at a time anyway. */
export function openWriter(options: EventStorageOptions): Database.Database {
  const { file, synchronous = 'normal', maxFileBytes, lockedAfterMs = LOCKED_AFTER_MS } = options;
  const { busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
  if (!existsSync(dirname(file))) {
    throw new EventStoreError('io', `database ${file} cannot be created: make its folder ${dirname(file)} first`);
  }
  // Another process may be creating the schema just now. Nobody is served yet: waiting may stop the loop.
  const writer = new Database(file, { timeout: lockedAfterMs });
  try {
    refuseForeignFile(writer, file);
    // Counts for a new file only, and only before anything is written to it: what is deleted can then leave the disk.
    writer.pragma('auto_vacuum = INCREMENTAL');
    writer.pragma('journal_mode = WAL');
    writer.pragma(`synchronous = ${synchronous.toUpperCase()}`);
    writer.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    writer.pragma(`journal_size_limit = ${JOURNAL_SIZE_LIMIT_BYTES}`);
    if (maxFileBytes !== undefined) limitSize(writer, maxFileBytes);
    probeWritable(writer);
    writer.pragma(`busy_timeout = ${busyTimeoutMs}`);
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Reads what is committed. Apart from the writer, which could not write while rows are being walked. */
export function openReader(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

function limitSize(writer: Database.Database, maxFileBytes: number): void {
  const pageBytes = Number(writer.pragma('page_size', { simple: true }));
  writer.pragma(`max_page_count = ${Math.max(1, Math.floor(maxFileBytes / pageBytes))}`);
}

/** SQLite opens a file it may not write without a word; a write that is rolled back tells now, not at the first event. */
function probeWritable(writer: Database.Database): void {
  const version = Number(writer.pragma('user_version', { simple: true }));
  writer.exec('BEGIN IMMEDIATE');
  try {
    writer.pragma(`user_version = ${version}`);
  } finally {
    if (writer.inTransaction) writer.exec('ROLLBACK');
  }
}
