import type Database from 'better-sqlite3';
import { eventChecksum } from './event-checksum.js';
import type { LogFloor } from './log-floor.js';
import type { StoredEvents } from './stored-events.js';

/** What is wrong with a log, in words for people. */
export interface LogInspection {
  readonly floor: number;
  readonly head: number;
  readonly events: number;
  /** Events below the floor: kept for good, or not deleted yet. */
  readonly belowFloor: number;
  /** Events written before there were checksums. */
  readonly withoutChecksum: number;
  readonly byType: Readonly<Record<string, { readonly events: number; readonly versions: readonly number[] }>>;
  readonly problems: readonly string[];
}

const PAGE = 2_000;
/** Problems of one kind that are told one by one. */
const TOLD = 5;

/** Looks at everything the file says about itself: SQLite's own check, positions, versions and checksums. */
export class LogInspector {
  readonly #reader: Database.Database;
  readonly #floor: LogFloor;
  readonly #events: StoredEvents;

  constructor(reader: Database.Database, floor: LogFloor, events: StoredEvents) {
    this.#reader = reader;
    this.#floor = floor;
    this.#events = events;
  }

  async inspect(onProgress?: (position: number, head: number) => void): Promise<LogInspection> {
    const head = this.#number('SELECT coalesce(max(position), 0) FROM events');
    const walked = await this.#walk(head, onProgress);
    const problems = [
      ...this.#integrity(),
      ...this.#newestMissing(head),
      ...walked.problems,
      ...this.#streams(head),
      ...this.#checkpoints(Math.max(head, this.#floor.position())),
    ];
    return { ...walked, floor: this.#floor.position(), head, problems };
  }

  #integrity(): readonly string[] {
    const rows = this.#reader.prepare<[], string>('PRAGMA integrity_check(10)').pluck().all();
    return rows.filter((row) => row !== 'ok').map((row) => `SQLite: ${row}`);
  }

  /** SQLite remembers the highest position it has given out, apart from the events. */
  #newestMissing(head: number): readonly string[] {
    const given = this.#number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'");
    const first = Math.max(head, this.#floor.position());
    return given > first ? [`positions ${first + 1} to ${given} were given out, and their events are missing`] : [];
  }

  async #walk(
    head: number,
    onProgress?: (position: number, head: number) => void,
  ): Promise<Omit<LogInspection, 'floor' | 'head'>> {
    const gaps = new Told('events are missing');
    const damaged = new Told('events are not what was written');
    const byType: Record<string, { events: number; versions: number[] }> = {};
    let events = 0;
    let belowFloor = 0;
    let withoutChecksum = 0;
    for (let position = 0; position < head;) {
      const page = this.#events.page(position, PAGE);
      const floor = this.#floor.position();
      for (const event of page) {
        if (event.position > head) break;
        // Retention may have moved the floor while we walked: what is below it may go at any time.
        const expected = Math.max(position, floor) + 1;
        // A repeated append left gaps before there were checksums.
        if (event.position > expected && event.checksum !== null)
          gaps.add(`positions ${expected} to ${event.position - 1}`);
        position = event.position;
        events += 1;
        if (event.position <= floor) belowFloor += 1;
        const seen = (byType[event.type] ??= { events: 0, versions: [] });
        seen.events += 1;
        if (!seen.versions.includes(event.schemaVersion)) seen.versions.push(event.schemaVersion);
        if (event.checksum === null) withoutChecksum += 1;
        else if (event.checksum !== eventChecksum(event)) damaged.add(`${event.id} at ${event.position}`);
      }
      if (page.length === 0) break;
      onProgress?.(position, head);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return { events, belowFloor, withoutChecksum, byType, problems: [...gaps.lines, ...damaged.lines] };
  }

  /** Versions of a stream have no gaps; those of a stream whose beginning was deleted begin later. */
  #streams(head: number): readonly string[] {
    const floor = this.#floor.position();
    const bad = new Told('streams have gaps in their versions');
    const rows = this.#reader
      .prepare<[number, number, number], { stream: string }>(
        `SELECT stream FROM events WHERE position > ? AND position <= ? GROUP BY stream
         HAVING max(version) - min(version) + 1 <> count(*) OR (min(version) <> 1 AND ? = 0)`,
      )
      .all(floor, head, floor);
    for (const { stream } of rows) bad.add(stream);
    return bad.lines;
  }

  #checkpoints(head: number): readonly string[] {
    return this.#reader
      .prepare<[], { projection: string; version: number; position: number }>(
        // Of an interrupted rebuild (a name with ~) the next one makes what is right.
        "SELECT projection, version, position FROM projection_checkpoints WHERE projection NOT LIKE '%~%'",
      )
      .all()
      .flatMap(({ projection, version, position }) => {
        const name = `projection ${projection} v${version} stands at ${position}`;
        if (position > this.#number('SELECT coalesce(max(position), 0) FROM events') && position > head) {
          return [`${name}, beyond the log's end at ${head}`];
        }
        return position < this.#floor.position() ? [`${name}, and the log begins after ${this.#floor.position()}`] : [];
      });
  }

  #number(sql: string): number {
    return Number(this.#reader.prepare(sql).pluck().get());
  }
}

/** The first few by name, the rest by number. */
class Told {
  readonly #what: string;
  readonly #named: string[] = [];
  #count = 0;

  constructor(what: string) {
    this.#what = what;
  }

  add(name: string): void {
    this.#count += 1;
    if (this.#named.length < TOLD) this.#named.push(name);
  }

  get lines(): readonly string[] {
    if (this.#count === 0) return [];
    const more = this.#count > TOLD ? `, and ${this.#count - TOLD} more` : '';
    return [`${this.#what}: ${this.#named.join(', ')}${more}`];
  }
}
