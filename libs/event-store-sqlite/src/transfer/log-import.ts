import { EventStoreError } from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import { eventChecksum } from '../event-checksum.js';
import type { PatientWrites } from '../patient-writes.js';
import type { StoredEvent } from '../stored-events.js';

/** One row of a snapshot, as it is copied. */
export interface SnapshotRow {
  readonly projection: string;
  readonly version: number;
  readonly key: string;
  /** JSON. */
  readonly row: string;
}

/**
 * Puts a copied log into a file, event by event at the position and time it had. The file must be
 * empty, or hold the beginning of the same copy: an import that was interrupted is taken up again.
 */
export class LogImport {
  readonly #writer: Database.Database;
  readonly #file: string;
  readonly #writes: PatientWrites;

  constructor(writer: Database.Database, file: string, writes: PatientWrites) {
    this.#writer = writer;
    this.#file = file;
    this.#writes = writes;
  }

  /** Where the copied log begins, with the snapshot of what came before. */
  begin(floor: number, snapshot: readonly SnapshotRow[], nowMs: number): Promise<void> {
    return this.#writes.run(() => {
      const held = this.#writer.prepare('SELECT position FROM log_floor WHERE id = 1').pluck().get() as
        number | undefined;
      const first = this.#writer.prepare('SELECT min(position) FROM events').pluck().get() as number | null;
      if ((held ?? 0) !== floor && (held !== undefined || first !== null)) {
        throw new EventStoreError('schema', `database ${this.#file} holds another log: import into a new file`);
      }
      if (floor === 0 || held === floor) return;
      this.#writer.prepare('INSERT INTO log_floor (id, position, moved_at_ms) VALUES (1, ?, ?)').run(floor, nowMs);
      const insert = this.#writer.prepare(
        'INSERT INTO snapshot_rows (projection, version, key, row) VALUES (?, ?, ?, ?)',
      );
      for (const { projection, version, key, row } of snapshot) insert.run(projection, version, key, row);
    });
  }

  /** Writes events that are not there yet; the number of them. Throws when another event is in an event's place. */
  put(events: readonly Omit<StoredEvent, 'checksum'>[]): Promise<number> {
    const at = this.#writer.prepare<[number], string>('SELECT id FROM events WHERE position = ?').pluck();
    const insert = this.#writer.prepare(
      `INSERT INTO events
         (position, id, stream, version, type, schema_version, recorded_at_ms, data, correlation_id, causation_id, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    return this.#writes.run(() => {
      let written = 0;
      for (const event of events) {
        const held = at.get(event.position);
        if (held === event.id) continue;
        if (held !== undefined) {
          throw new EventStoreError(
            'schema',
            `database ${this.#file} holds another event at position ${event.position}: import into a new file`,
          );
        }
        const { position, id, stream, version, type, schemaVersion, recordedAtMs, data } = event;
        const { correlationId, causationId } = event;
        const checksum = eventChecksum(event);
        insert.run(
          position,
          id,
          stream,
          version,
          type,
          schemaVersion,
          recordedAtMs,
          data,
          correlationId,
          causationId,
          checksum,
        );
        written += 1;
      }
      return written;
    });
  }
}
