import type { ParkedEvent, ParkedEvents } from '@rightsize/event-store';
import type Database from 'better-sqlite3';

type Row = Omit<ParkedEvent, 'skipped'> & { readonly skippedAtMs: number | null };

/** Notes about poison events, beside rows and checkpoints. */
export class SqliteParkedEvents implements ParkedEvents {
  readonly #now: () => number;
  readonly #list: Database.Statement<[string, number], Row>;
  readonly #park: Database.Statement;
  readonly #skip: Database.Statement;

  constructor(writer: Database.Database, reader: Database.Database, now: () => number) {
    this.#now = now;
    this.#list = reader.prepare(
      `SELECT projection, version, position, event_id AS eventId, type, error, parked_at_ms AS parkedAtMs,
         skipped_at_ms AS skippedAtMs
       FROM parked_events WHERE projection = ? AND version = ? ORDER BY position`,
    );
    this.#park = writer.prepare(
      `INSERT INTO parked_events (projection, version, position, event_id, type, error, parked_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (projection, version, position) DO UPDATE
         SET error = excluded.error, parked_at_ms = excluded.parked_at_ms`,
    );
    this.#skip = writer.prepare(
      `UPDATE parked_events SET skipped_at_ms = coalesce(skipped_at_ms, ?)
       WHERE projection = ? AND version = ? AND position = ?`,
    );
  }

  list(projection: string, version: number): readonly ParkedEvent[] {
    return this.#list.all(projection, version).map(({ skippedAtMs, ...event }) => ({
      ...event,
      skipped: skippedAtMs !== null,
    }));
  }

  park(event: Omit<ParkedEvent, 'skipped'>): void {
    const { projection, version, position, eventId, type, error, parkedAtMs } = event;
    this.#park.run(projection, version, position, eventId, type, error, parkedAtMs);
  }

  skip(projection: string, version: number, position: number): boolean {
    return this.#skip.run(this.#now(), projection, version, position).changes > 0;
  }
}
