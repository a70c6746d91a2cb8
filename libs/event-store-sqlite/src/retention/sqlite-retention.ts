import { encodeRow } from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import type { LogFloor } from '../log-floor.js';
import type { PatientWrites } from '../patient-writes.js';

/** The rows of a projection at the position up to which the log is to be deleted. */
export interface Snapshot {
  readonly projection: string;
  readonly version: number;
  readonly rows: Iterable<readonly [key: string, row: unknown]>;
}

export interface FileSizes {
  /** Of the database file, without its write-ahead log. */
  readonly fileBytes: number;
  /** Of it, pages that hold nothing and are used again before the file grows. */
  readonly freeBytes: number;
}

/** What retention does to the file, in steps that each hold the write lock for some milliseconds. */
export class SqliteRetention {
  readonly #writer: Database.Database;
  readonly #reader: Database.Database;
  readonly #floor: LogFloor;
  readonly #writes: PatientWrites;

  constructor(
    { writer, reader }: { readonly writer: Database.Database; readonly reader: Database.Database },
    floor: LogFloor,
    writes: PatientWrites,
  ) {
    this.#writer = writer;
    this.#reader = reader;
    this.#floor = floor;
    this.#writes = writes;
  }

  /** Events up to here are deleted, or about to be. */
  floor(): number {
    return this.#floor.position();
  }

  /**
   * The last position before which every event was recorded before `cutoffMs`. An event whose time lies
   * beyond `nowMs` was written under a wrong clock, and keeps nothing.
   */
  agedPosition(cutoffMs: number, nowMs: number): number {
    const first = this.#reader
      .prepare<[number, number, number], number>(
        'SELECT position FROM events WHERE position > ? AND recorded_at_ms BETWEEN ? AND ? ORDER BY position LIMIT 1',
      )
      .pluck()
      .get(this.floor(), cutoffMs, nowMs);
    const head = this.#reader.prepare<[], number>('SELECT coalesce(max(position), 0) FROM events').pluck().get() ?? 0;
    return first === undefined ? Math.max(head, this.floor()) : first - 1;
  }

  /** Events in the log, those that are about to be deleted included. */
  count(): number {
    return this.#reader.prepare<[], number>('SELECT count(*) FROM events').pluck().get() ?? 0;
  }

  sizes(): FileSizes {
    const pragma = (name: string): number => Number(this.#reader.pragma(name, { simple: true }));
    const page = pragma('page_size');
    return { fileBytes: pragma('page_count') * page, freeBytes: pragma('freelist_count') * page };
  }

  /** Versions that have rows, of every projection. */
  checkpoints(): readonly { readonly projection: string; readonly version: number; readonly position: number }[] {
    return this.#reader
      .prepare<[], { projection: string; version: number; position: number }>(
        'SELECT projection, version, position FROM projection_checkpoints',
      )
      .all();
  }

  /** Snapshot and floor move together: from here on the snapshot stands for the events up to `to`. False when somebody else has moved it. */
  moveFloor(from: number, to: number, snapshots: readonly Snapshot[], nowMs: number): Promise<boolean> {
    return this.#writes.run(() => {
      if (this.#floor.positionForUpdate() !== from) return false;
      this.#writer.prepare('DELETE FROM snapshot_rows').run();
      const insert = this.#writer.prepare(
        'INSERT INTO snapshot_rows (projection, version, key, row) VALUES (?, ?, ?, ?)',
      );
      for (const { projection, version, rows } of snapshots) {
        for (const [key, row] of rows) insert.run(projection, version, key, encodeRow(projection, key, row));
      }
      this.#writer
        .prepare(
          `INSERT INTO log_floor (id, position, moved_at_ms) VALUES (1, ?, ?)
           ON CONFLICT (id) DO UPDATE SET position = excluded.position, moved_at_ms = excluded.moved_at_ms`,
        )
        .run(to, nowMs);
      return true;
    });
  }

  /** Deletes at most `limit` events below the floor, the oldest first; the number of them. */
  deleteSome(limit: number, keepTypes: readonly string[]): Promise<number> {
    return this.#writes.run(
      () =>
        this.#writer
          .prepare(
            `DELETE FROM events WHERE position IN (
               SELECT position FROM events
               WHERE position <= (SELECT position FROM log_floor WHERE id = 1)
                 AND type NOT IN (SELECT value FROM json_each(?))
               ORDER BY position LIMIT ?)`,
          )
          .run(JSON.stringify(keepTypes), limit).changes,
    );
  }

  /** Whether the file gives free pages back to the disk. A file made by an early Rightsize only uses them again. */
  get shrinks(): boolean {
    return Number(this.#writer.pragma('auto_vacuum', { simple: true })) === INCREMENTAL;
  }

  /** Gives at most `pages` free pages back; whether there are more. */
  async vacuumSome(pages: number): Promise<boolean> {
    if (!this.shrinks) return false;
    await this.#writes.run(() => void this.#writer.pragma(`incremental_vacuum(${pages})`));
    return Number(this.#writer.pragma('freelist_count', { simple: true })) > 0;
  }

  /** Writes the file anew: without free pages, which it gives back by itself from now on, and without what they held. Everybody else waits. */
  vacuumWhole(): void {
    this.#writer.pragma(`auto_vacuum = ${INCREMENTAL}`);
    this.#writer.exec('VACUUM');
  }
}

const INCREMENTAL = 2;
