import type { AppendResult, ExpectedVersion } from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import { eventChecksum } from './event-checksum.js';

/** An event as it is stored; `data` is JSON. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
}

export interface EncodedAppend {
  readonly stream: string;
  readonly events: readonly EncodedEvent[];
  readonly expected: ExpectedVersion;
}

/** `failed`: this append alone was rolled back; the error is its own. */
export type AppendOutcome = AppendResult | { readonly kind: 'failed'; readonly error: unknown };

interface Place {
  readonly position: number;
  readonly version: number;
}

const NOWHERE: Place = { position: 0, version: 0 };

/** Writes groups of appends, each group one transaction that takes the write lock first: what it reads stays true. */
export class AppendTransaction {
  readonly #writer: Database.Database;
  readonly #insert: Database.Statement;
  readonly #lastOfStream: Database.Statement;
  readonly #byId: Database.Statement;
  readonly #giveBackPosition: Database.Statement;
  readonly #together: Database.Transaction<(appends: readonly EncodedAppend[], nowMs: number) => AppendOutcome[]>;
  readonly #apart: Database.Transaction<(appends: readonly EncodedAppend[], nowMs: number) => AppendOutcome[]>;
  readonly #one: Database.Transaction<(append: EncodedAppend, nowMs: number) => AppendResult>;

  constructor(writer: Database.Database) {
    this.#writer = writer;
    this.#insert = writer.prepare(
      `INSERT INTO events
         (id, stream, version, type, schema_version, recorded_at_ms, data, correlation_id, causation_id,
          checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    );
    this.#lastOfStream = writer.prepare(
      'SELECT position, version FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1',
    );
    this.#byId = writer.prepare('SELECT position, version FROM events WHERE id = ?');
    // SQLite counts on also for an event that it then does not insert; a gap would look like a lost event.
    this.#giveBackPosition = writer.prepare("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'events'");
    this.#one = writer.transaction((append, nowMs) => this.#append(append, nowMs));
    this.#together = writer.transaction((appends, nowMs) => appends.map((append) => this.#append(append, nowMs)));
    this.#apart = writer.transaction((appends, nowMs) => appends.map((append) => this.#inSavepoint(append, nowMs)));
  }

  /** One outcome for each append, durable on return. Throws, with nothing written, what concerns the whole file. */
  run(appends: readonly EncodedAppend[], nowMs: number): readonly AppendOutcome[] {
    const [only] = appends;
    // The transaction of a single append is its savepoint.
    if (appends.length === 1 && only !== undefined) return [this.#one.immediate(only, nowMs)];
    try {
      // A conflict is seen before anything is written: it takes no savepoint to take it back.
      return this.#together.immediate(appends, nowMs);
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      return this.#apart.immediate(appends, nowMs);
    }
  }

  #inSavepoint(append: EncodedAppend, nowMs: number): AppendOutcome {
    try {
      return this.#one(append, nowMs);
    } catch (error) {
      if (!this.#writer.inTransaction || !isOwnFault(error)) throw error;
      return { kind: 'failed', error };
    }
  }

  #append(append: EncodedAppend, nowMs: number): AppendResult {
    const { stream, events, expected } = append;
    const current = this.#place(this.#lastOfStream, stream) ?? NOWHERE;
    if (expected !== 'any' && expected !== current.version && !this.#allKnown(events)) {
      return { kind: 'conflict', actualVersion: current.version };
    }
    let { version } = current;
    let last = current;
    let duplicates = 0;
    for (const event of events) {
      const position = this.#insertAt(stream, version + 1, event, nowMs);
      if (position === null) duplicates += 1;
      else version += 1;
      last = position === null ? (this.#place(this.#byId, event.id) ?? last) : { position, version };
    }
    return { kind: 'appended', ...last, duplicates };
  }

  /** The new event's position; null when its id is in the log already. */
  #insertAt(stream: string, version: number, event: EncodedEvent, nowMs: number): number | null {
    const { id, type, schemaVersion, data, correlationId, causationId } = event;
    const { changes, lastInsertRowid } = this.#insert.run(
      id,
      stream,
      version,
      type,
      schemaVersion,
      nowMs,
      data,
      correlationId,
      causationId,
      eventChecksum({ ...event, stream, version, recordedAtMs: nowMs }),
    );
    if (changes > 0) return Number(lastInsertRowid);
    this.#giveBackPosition.run();
    return null;
  }

  #allKnown(events: readonly EncodedEvent[]): boolean {
    return events.length > 0 && events.every((event) => this.#place(this.#byId, event.id) !== undefined);
  }

  #place(statement: Database.Statement, key: string): Place | undefined {
    return statement.get(key) as Place | undefined;
  }
}

/** What another append would not meet: a value the database cannot hold. */
function isOwnFault(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return !code.startsWith('SQLITE_') || code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_TOOBIG';
}
