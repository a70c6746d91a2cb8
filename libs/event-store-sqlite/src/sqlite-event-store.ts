import {
  AppendedListeners,
  encodeEventData,
  EventStoreError,
  type AppendResult,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
} from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import { AppendQueue, type AppendQueueOptions } from './append-queue.js';
import type { AppendCommitter } from './append-committer.js';
import type { EncodedEvent } from './append-transaction.js';
import { EventReader } from './event-reader.js';
import { asEventStoreError } from './sqlite-failure.js';
import type { WriteHealth } from './write-health.js';

export interface SqliteEventStoreOptions extends AppendQueueOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Closes what the store stands on, once nothing is queued. */
  readonly onClose: () => Promise<void>;
}

/** The log in SQLite: group commit on the writer's handle, pages through the reader's. */
export class SqliteEventStore implements EventStore {
  readonly #options: SqliteEventStoreOptions;
  readonly #committer: AppendCommitter;
  readonly #queue: AppendQueue;
  readonly #reader: EventReader;
  readonly #listeners = new AppendedListeners();
  #closing: Promise<void> | null = null;
  #closed = false;

  constructor(
    committer: AppendCommitter,
    reader: Database.Database,
    health: WriteHealth,
    options: SqliteEventStoreOptions,
  ) {
    this.#options = options;
    this.#committer = committer;
    this.#reader = new EventReader(reader);
    this.#queue = new AppendQueue(
      (appends) => committer.commit(appends, options.now()),
      options,
      health,
      () => this.#listeners.notify(),
    );
  }

  get queuedEvents(): number {
    return this.#queue.queuedEvents;
  }

  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  async append(stream: string, events: readonly NewEvent[], expected: ExpectedVersion = 'any'): Promise<AppendResult> {
    if (this.#closing !== null) throw this.#closedError();
    const encoded = events.map(encode);
    const bytes = encoded.reduce((sum, event) => sum + Buffer.byteLength(event.data), 0);
    return this.#queue.push({ stream, events: encoded, expected }, bytes);
  }

  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return this.#read(() => this.#reader.readAll(options));
  }

  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    return this.#read(() => this.#reader.readStream(stream, options));
  }

  head(): Promise<number> {
    return this.#read(() => this.#reader.head());
  }

  onAppended(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    await this.#queue.idle();
    await this.#committer.close();
    this.#closed = true;
    this.#listeners.clear();
    await this.#options.onClose();
  }

  async #read<T>(query: () => T | Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closedError();
    try {
      return await query();
    } catch (error) {
      throw this.#closed ? this.#closedError() : asEventStoreError(error, this.#options.file);
    }
  }

  #closedError(): EventStoreError {
    return new EventStoreError('closed', `database ${this.#options.file} is closed: open it again`);
  }
}

function encode(event: NewEvent): EncodedEvent {
  const { id, type, schemaVersion, metadata } = event;
  return {
    id,
    type,
    schemaVersion,
    data: encodeEventData(event),
    correlationId: metadata.correlationId ?? null,
    causationId: metadata.causationId ?? null,
  };
}
