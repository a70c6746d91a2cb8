import type Database from 'better-sqlite3';
import { eventChecksum } from './event-checksum.js';
import type { PatientWrites } from './patient-writes.js';

/** An event as it lies in the file; `data` is JSON text. */
export interface StoredEvent {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly recordedAtMs: number;
  readonly data: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  /** Null for events written before there were checksums. */
  readonly checksum: number | null;
}

const COLUMNS = `position, id, stream, version, type, schema_version AS schemaVersion, recorded_at_ms AS recordedAtMs,
  data, correlation_id AS correlationId, causation_id AS causationId, checksum`;

/** Events changed in one transaction. */
const REWRITE_PAGE = 200;

/** The events as they are stored, for whoever looks after them: copies, checks, and forgetting. */
export class StoredEvents {
  readonly #reader: Database.Database;
  readonly #writer: Database.Database;
  readonly #writes: PatientWrites;

  constructor(
    { writer, reader }: { readonly writer: Database.Database; readonly reader: Database.Database },
    writes: PatientWrites,
  ) {
    this.#reader = reader;
    this.#writer = writer;
    this.#writes = writes;
  }

  /** At most `limit` events after a position, in order. */
  page(after: number, limit: number): readonly StoredEvent[] {
    return this.#reader
      .prepare<[number, number], StoredEvent>(
        `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
      )
      .all(after, limit);
  }

  /**
   * Gives events that hold `text` in their data other data. Nothing else may ever change an event: this
   * is for what must be forgotten. Null leaves an event as it is. Resolves with the number changed. Pages may
   * hold the old text in unused places until the file is vacuumed whole.
   */
  async rewrite(text: string, change: (data: string, type: string) => string | null): Promise<number> {
    const find = this.#reader.prepare<[number, string, number], StoredEvent>(
      `SELECT ${COLUMNS} FROM events WHERE position > ? AND instr(data, ?) > 0 ORDER BY position LIMIT ?`,
    );
    const update = this.#writer.prepare('UPDATE events SET data = ?, checksum = ? WHERE position = ?');
    let changed = 0;
    for (let after = 0; ;) {
      const page = find.all(after, text, REWRITE_PAGE);
      await this.#writes.run(() => {
        for (const event of page) {
          const data = change(event.data, event.type);
          if (data === null) continue;
          changed += update.run(data, eventChecksum({ ...event, data }), event.position).changes;
        }
      });
      if (page.length < REWRITE_PAGE) return changed;
      after = page.at(-1)!.position;
    }
  }

  /** Replaces rows of snapshots by what `change` makes of them; null leaves a row as it is. */
  rewriteSnapshot(projection: string, change: (rows: Map<string, unknown>) => Map<string, unknown>): Promise<void> {
    return this.#writes.run(() => {
      const where = 'FROM snapshot_rows WHERE projection = ?';
      const stored = this.#writer
        .prepare<[string], { version: number; key: string; row: string }>(`SELECT version, key, row ${where}`)
        .all(projection);
      this.#writer.prepare(`DELETE ${where}`).run(projection);
      const insert = this.#writer.prepare(
        'INSERT INTO snapshot_rows (projection, version, key, row) VALUES (?, ?, ?, ?)',
      );
      for (const version of new Set(stored.map((row) => row.version))) {
        const rows = stored.filter((row) => row.version === version);
        const changed = change(new Map(rows.map(({ key, row }) => [key, JSON.parse(row) as unknown])));
        for (const [key, row] of changed) insert.run(projection, version, key, JSON.stringify(row));
      }
    });
  }

  /** Events whose data, and rows whose key or text, hold a JSON text. */
  holding(text: string): {
    readonly events: number;
    readonly rows: readonly { readonly projection: string; readonly version: number; readonly rows: number }[];
  } {
    const events = this.#reader
      .prepare<[string], number>('SELECT count(*) FROM events WHERE instr(data, ?) > 0')
      .pluck()
      .get(text);
    const inner = text.replace(/^"|"$/g, '');
    const rows = ['read_model_rows', 'snapshot_rows'].flatMap((table) =>
      this.#reader
        .prepare<[string, string], { projection: string; version: number; rows: number }>(
          `SELECT projection, version, count(*) AS rows FROM ${table}
           WHERE instr(row, ?) > 0 OR key = ? GROUP BY projection, version`,
        )
        .all(text, inner),
    );
    return { events: events ?? 0, rows };
  }

  /** Copies the write-ahead log into the file and empties it; false when somebody still reads from it. */
  emptyWriteAheadLog(): boolean {
    const [result] = this.#writer.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
    return result?.busy === 0;
  }
}
