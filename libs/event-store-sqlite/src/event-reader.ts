import type { EventMetadata, ReadAllOptions, ReadStreamOptions, RecordedEvent } from '@rightsize/event-store';
import type Database from 'better-sqlite3';

const COLUMNS =
  'position, id, stream, version, type, schema_version, recorded_at_ms, data, correlation_id, causation_id';

/** The poll query: one step down the primary key, then along it. */
export const READ_ALL = `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`;

/** Positions are given so that a rare type cannot make one query walk the whole log. */
export const READ_TYPES = `SELECT ${COLUMNS} FROM events
  WHERE position > ? AND position <= ? AND type IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?`;

export const READ_STREAM = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND version >= ? ORDER BY version LIMIT ?`;

/** Positions that one query by type walks; then others get a turn. */
const WINDOW = 2000;

interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  readonly recorded_at_ms: number;
  readonly data: string;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
}

/** Reads the log in pages with statements prepared once. */
export class EventReader {
  readonly #all: Database.Statement<[number, number], EventRow>;
  readonly #types: Database.Statement<[number, number, string, number], EventRow>;
  readonly #stream: Database.Statement<[string, number, number], EventRow>;
  readonly #head: Database.Statement<[], { readonly head: number }>;

  constructor(reader: Database.Database) {
    this.#all = reader.prepare(READ_ALL);
    this.#types = reader.prepare(READ_TYPES);
    this.#stream = reader.prepare(READ_STREAM);
    this.#head = reader.prepare('SELECT coalesce(max(position), 0) AS head FROM events');
  }

  head(): number {
    return this.#head.get()?.head ?? 0;
  }

  async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    const { after, types } = options;
    const limit = Math.max(0, options.limit);
    if (types === undefined) return this.#all.all(after, limit).map(decode);
    return this.#readTypes(after, limit, JSON.stringify(types));
  }

  readStream(stream: string, options: ReadStreamOptions): readonly RecordedEvent[] {
    return this.#stream.all(stream, options.from, Math.max(0, options.limit)).map(decode);
  }

  async #readTypes(after: number, limit: number, types: string): Promise<readonly RecordedEvent[]> {
    const found: EventRow[] = [];
    const head = this.head();
    for (let from = after; from < head && found.length < limit; from += WINDOW) {
      if (from > after) await new Promise<void>((resolve) => setImmediate(resolve));
      found.push(...this.#types.all(from, from + WINDOW, types, limit - found.length));
    }
    return found.map(decode);
  }
}

function decode(row: EventRow): RecordedEvent {
  const data: unknown = JSON.parse(row.data);
  return {
    id: row.id,
    type: row.type,
    schemaVersion: row.schema_version,
    data,
    metadata: decodeMetadata(row),
    position: row.position,
    stream: row.stream,
    version: row.version,
    recordedAtMs: row.recorded_at_ms,
  };
}

function decodeMetadata(row: EventRow): EventMetadata {
  return {
    ...(row.correlation_id === null ? {} : { correlationId: row.correlation_id }),
    ...(row.causation_id === null ? {} : { causationId: row.causation_id }),
  };
}
