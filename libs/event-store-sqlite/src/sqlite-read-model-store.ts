import {
  BehindLogError,
  CheckpointMovedError,
  encodeRow,
  type FoldBase,
  type ParkedEvents,
  type ReadModelStore,
  type RowWriter,
} from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import type { LogFloor } from './log-floor.js';
import { asEventStoreError, toEventStoreError } from './sqlite-failure.js';
import type { WriteHealth } from './write-health.js';

type Commit = (
  projection: string,
  version: number,
  from: number,
  to: number,
  write: (writer: RowWriter) => void,
) => void;

/**
 * Rows and checkpoints beside the log, written by the log's own writer: a commit never falls between
 * two appends of a group, since both run to their end without giving up the thread.
 */
export class SqliteReadModelStore implements ReadModelStore {
  readonly parked: ParkedEvents;
  readonly #floor: LogFloor;
  readonly #file: string;
  readonly #health: WriteHealth;
  readonly #reader: Database.Database;
  readonly #put: Database.Statement;
  readonly #delete: Database.Statement;
  readonly #setCheckpoint: Database.Statement;
  readonly #checkpointForUpdate: Database.Statement<[string, number], number>;
  readonly #checkpoint: Database.Statement<[string, number], number>;
  readonly #versions: Database.Statement<[string], number>;
  readonly #commit: Database.Transaction<Commit>;
  readonly #takeUpSnapshot: Database.Statement;
  readonly #drop: Database.Transaction<(projection: string, version: number) => void>;
  readonly #replace: Database.Transaction<(projection: string, version: number, built: string) => void>;

  constructor(
    { writer, reader }: { readonly writer: Database.Database; readonly reader: Database.Database },
    {
      parked,
      floor,
      health,
    }: { readonly parked: ParkedEvents; readonly floor: LogFloor; readonly health: WriteHealth },
    file: string,
  ) {
    const checkpoint = 'SELECT position FROM projection_checkpoints WHERE projection = ? AND version = ?';
    this.parked = parked;
    this.#floor = floor;
    this.#file = file;
    this.#health = health;
    this.#reader = reader;
    this.#put = writer.prepare(
      `INSERT INTO read_model_rows (projection, version, key, row) VALUES (?, ?, ?, ?)
       ON CONFLICT (projection, version, key) DO UPDATE SET row = excluded.row`,
    );
    this.#delete = writer.prepare('DELETE FROM read_model_rows WHERE projection = ? AND version = ? AND key = ?');
    this.#setCheckpoint = writer.prepare(
      `INSERT INTO projection_checkpoints (projection, version, position) VALUES (?, ?, ?)
       ON CONFLICT (projection, version) DO UPDATE SET position = excluded.position`,
    );
    this.#checkpointForUpdate = writer.prepare<[string, number], number>(checkpoint).pluck();
    this.#checkpoint = reader.prepare<[string, number], number>(checkpoint).pluck();
    this.#versions = reader
      .prepare<[string], number>('SELECT version FROM projection_checkpoints WHERE projection = ? ORDER BY version')
      .pluck();
    this.#takeUpSnapshot = writer.prepare(
      `INSERT INTO read_model_rows (projection, version, key, row)
       SELECT projection, version, key, row FROM snapshot_rows WHERE projection = ? AND version = ?`,
    );
    this.#commit = writer.transaction((...args) => this.#commitNow(...args));
    const dropRows = writer.prepare('DELETE FROM read_model_rows WHERE projection = ? AND version = ?');
    const dropCheckpoint = writer.prepare('DELETE FROM projection_checkpoints WHERE projection = ? AND version = ?');
    this.#drop = writer.transaction((projection, version) => {
      dropRows.run(projection, version);
      dropCheckpoint.run(projection, version);
    });
    const rename = ['read_model_rows', 'projection_checkpoints'].map((table) =>
      writer.prepare(`UPDATE ${table} SET projection = ? WHERE projection = ? AND version = ?`),
    );
    this.#replace = writer.transaction((projection, version, built) => {
      this.#drop(projection, version);
      for (const statement of rename) statement.run(projection, built, version);
    });
  }

  base(projection: string, version: number): FoldBase {
    return this.#translated(() => this.#floor.base(projection, version));
  }

  checkpoint(projection: string, version: number): number {
    return this.#translated(() => this.#checkpoint.get(projection, version) ?? this.#floor.position());
  }

  /** One statement, so one state of the rows from first to last; prepared anew, so that several may be walked at once. */
  *rows(projection: string, version: number): Iterable<readonly [key: string, row: unknown]> {
    try {
      if (this.#checkpoint.get(projection, version) === undefined) {
        yield* this.#floor.base(projection, version).rows;
        return;
      }
      const walk = this.#reader.prepare<[string, number], { readonly key: string; readonly row: string }>(
        'SELECT key, row FROM read_model_rows WHERE projection = ? AND version = ? ORDER BY key',
      );
      for (const { key, row } of walk.iterate(projection, version)) yield [key, JSON.parse(row) as unknown];
    } catch (error) {
      throw asEventStoreError(error, this.#file);
    }
  }

  commit(projection: string, version: number, from: number, to: number, write: (writer: RowWriter) => void): void {
    this.#written(() => this.#commit.immediate(projection, version, from, to, write));
  }

  versions(projection: string): readonly number[] {
    return this.#translated(() => this.#versions.all(projection));
  }

  drop(projection: string, version: number): void {
    this.#written(() => this.#drop.immediate(projection, version));
  }

  replace(projection: string, version: number, built: string): void {
    this.#written(() => this.#replace.immediate(projection, version, built));
  }

  #commitNow(...[projection, version, from, to, write]: Parameters<Commit>): void {
    const floor = this.#floor.positionForUpdate();
    const stored = this.#checkpointForUpdate.get(projection, version);
    const actual = stored ?? floor;
    if (actual < floor) throw new BehindLogError(projection, version, actual, floor);
    if (actual !== from) throw new CheckpointMovedError(projection, version, from, actual);
    if (stored === undefined && floor > 0) this.#takeUpSnapshot.run(projection, version);
    write({
      put: (key, row) => void this.#put.run(projection, version, key, encodeRow(projection, key, row)),
      delete: (key) => void this.#delete.run(projection, version, key),
    });
    this.#setCheckpoint.run(projection, version, to);
  }

  #written(write: () => void): void {
    try {
      write();
    } catch (error) {
      const failure = toEventStoreError(error, this.#file);
      if (failure !== undefined) this.#health.failed(failure);
      throw failure ?? error;
    }
    this.#health.succeeded();
  }

  #translated<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw asEventStoreError(error, this.#file);
    }
  }
}
