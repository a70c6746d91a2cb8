import type { FoldBase } from '@rightsize/event-store';
import type Database from 'better-sqlite3';

/** Where the log begins, and the snapshot of what came before. */
export class LogFloor {
  readonly #reader: Database.Database;
  readonly #position: Database.Statement<[], number>;
  readonly #positionForUpdate: Database.Statement<[], number>;

  constructor(writer: Database.Database, reader: Database.Database) {
    const position = 'SELECT position FROM log_floor WHERE id = 1';
    this.#reader = reader;
    this.#position = reader.prepare<[], number>(position).pluck();
    this.#positionForUpdate = writer.prepare<[], number>(position).pluck();
  }

  /** Events up to here are gone; 0 while the log has its beginning. */
  position(): number {
    return this.#position.get() ?? 0;
  }

  /** The same within a transaction of the writer. */
  positionForUpdate(): number {
    return this.#positionForUpdate.get() ?? 0;
  }

  base(projection: string, version: number): FoldBase {
    for (;;) {
      const position = this.position();
      const rows = position === 0 ? [] : [...this.#rows(projection, version)];
      // Retention of another process may have moved the floor between the two.
      if (this.position() === position) return { position, rows };
    }
  }

  *#rows(projection: string, version: number): Iterable<readonly [key: string, row: unknown]> {
    const walk = this.#reader.prepare<[string, number], { readonly key: string; readonly row: string }>(
      'SELECT key, row FROM snapshot_rows WHERE projection = ? AND version = ? ORDER BY key',
    );
    for (const { key, row } of walk.iterate(projection, version)) yield [key, JSON.parse(row) as unknown];
  }
}
