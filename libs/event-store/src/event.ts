/** Ties events together: `correlationId` is the request they belong to, `causationId` the event that led to it. */
export interface EventMetadata {
  readonly correlationId?: string;
  readonly causationId?: string;
}

/** An event about to be appended. `data` must survive a round trip through JSON. */
export interface NewEvent<Data = unknown> {
  /** UUIDv7. Appending the same id again changes nothing. */
  readonly id: string;
  /** Durable name, apart from any class name. */
  readonly type: string;
  /** Version of the shape of `data`, from 1. */
  readonly schemaVersion: number;
  readonly data: Data;
  readonly metadata: EventMetadata;
}

/** An event of the log. */
export interface RecordedEvent<Data = unknown> extends NewEvent<Data> {
  /** Place in the whole log, from 1, strictly increasing. */
  readonly position: number;
  readonly stream: string;
  /** Place in its stream, from 1, without gaps. */
  readonly version: number;
  /** Milliseconds since the epoch at which it was appended. */
  readonly recordedAtMs: number;
}
