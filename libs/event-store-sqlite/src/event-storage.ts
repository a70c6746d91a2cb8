import type { EventStore, EventStoreError, ReadModelStore } from '@rightsize/event-store';
import type { DataSource } from 'typeorm';
import type { LogInspector } from './log-inspection.js';
import type { SqliteRetention } from './retention/sqlite-retention.js';
import type { StoredEvents } from './stored-events.js';
import type { LogImport } from './transfer/log-import.js';

export interface EventStorageOptions {
  /** The database file; it is created when absent, its folder is not. */
  readonly file: string;
  /**
   * When an append counts as durable. `normal`: it survives the end of the process. `full`: it also
   * survives a power cut, for one flush of the disk per group of appends.
   * @default 'normal'
   */
  readonly synchronous?: 'normal' | 'full';
  /**
   * Appends beyond so many queued events are refused as `overloaded`.
   * @default 20_000
   */
  readonly maxQueuedEvents?: number;
  /**
   * Appends beyond so many queued bytes of event data are refused as `overloaded`.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxQueuedBytes?: number;
  /**
   * Milliseconds for which appends wait for another process that holds the file, before they fail as `locked`.
   * @default 5_000
   */
  readonly lockedAfterMs?: number;
  /**
   * Milliseconds for which SQLite itself waits for another process's lock, with the event loop stopped. More
   * is for programs that serve nobody meanwhile.
   * @default 10
   */
  readonly busyTimeoutMs?: number;
  /**
   * Size in bytes beyond which the file does not grow: appends then fail as `full`.
   * @default unlimited
   */
  readonly maxFileBytes?: number;
  /**
   * Events are written on a thread of their own, for programs that serve somebody meanwhile.
   * @default false
   */
  readonly appendThread?: boolean;
  /** Milliseconds since the epoch; for tests. @default Date.now */
  readonly now?: () => number;
}

export interface EventStorageHealth {
  /** Events waiting to become durable. */
  readonly queuedEvents: number;
  readonly queuedBytes: number;
  /** Why the last write failed; null once a write has succeeded again. */
  readonly lastError: EventStoreError | null;
}

/** The log and its read models in one SQLite file. */
export interface EventStorage {
  readonly file: string;
  readonly store: EventStore;
  readonly readModels: ReadModelStore;
  /** For queries over the tables and views. Nothing may be written through it (docs/decisions/event-log-writes.md). */
  readonly dataSource: DataSource;
  /** For `retain`: deletes what a snapshot stands for. */
  readonly retention: SqliteRetention;
  /** Events as they lie in the file. */
  readonly stored: StoredEvents;
  readonly inspector: LogInspector;
  readonly imported: LogImport;
  health(): EventStorageHealth;
  /** Appends what is queued, then closes. Idempotent. */
  close(): Promise<void>;
}
