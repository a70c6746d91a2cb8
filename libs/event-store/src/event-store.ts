import type { NewEvent, RecordedEvent } from './event.js';

/** `any`: no check. A number: the stream's current version, 0 for a stream that must not exist yet. */
export type ExpectedVersion = 'any' | number;

export type AppendResult =
  /** Durable. `position` and `version` are those of the last event; `duplicates` counts ids that were there before. */
  | { readonly kind: 'appended'; readonly position: number; readonly version: number; readonly duplicates: number }
  /** Nothing was written: the stream stands at `actualVersion`. */
  | { readonly kind: 'conflict'; readonly actualVersion: number };

export interface ReadAllOptions {
  /** Position after which to read; 0 for the beginning. */
  readonly after: number;
  /** At most this many events. */
  readonly limit: number;
  /** Only these types; all when absent. */
  readonly types?: readonly string[];
}

export interface ReadStreamOptions {
  /** First version to read; 1 for the beginning. */
  readonly from: number;
  readonly limit: number;
}

/** An append-only log of events in streams. */
export interface EventStore {
  /**
   * Appends all events or none. Resolves when they are durable. A version conflict is a value; the
   * promise rejects with an {@link EventStoreError} only when the store is broken.
   */
  append(stream: string, events: readonly NewEvent[], expected?: ExpectedVersion): Promise<AppendResult>;
  /** Events in order of position, at most `limit`. */
  readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]>;
  /** Events of one stream in order of version, at most `limit`. */
  readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]>;
  /** Position of the last event; 0 when the log is empty. */
  head(): Promise<number>;
  /** Calls back after something was appended. A hint only: the log delivers. Returns the way to stop. */
  onAppended(listener: () => void): () => void;
  /** Appends what is queued, then closes. Idempotent. */
  close(): Promise<void>;
}

/** What is wrong with a store, for health and for people. */
export type EventStoreErrorCode =
  'locked' | 'full' | 'corrupt' | 'read-only' | 'schema' | 'closed' | 'overloaded' | 'io';

/** The store is broken; the message names the file and the remedy. */
export class EventStoreError extends Error {
  readonly code: EventStoreErrorCode;

  constructor(code: EventStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EventStoreError';
    this.code = code;
  }
}
