import { InMemoryParkedEvents } from './parked-events.js';
import { CheckpointMovedError, type FoldBase, type ReadModelStore, type RowWriter } from './projection.js';

interface Built {
  checkpoint: number;
  /** Key to JSON text: a row handed out must not be a door into the store. */
  readonly rows: Map<string, string>;
}

/** The reference read model store: for tests, and for a rebuild that is compared and thrown away. */
export class InMemoryReadModelStore implements ReadModelStore {
  readonly parked = new InMemoryParkedEvents();
  readonly #built = new Map<string, Map<number, Built>>();

  base(): FoldBase {
    return { position: 0, rows: [] };
  }

  checkpoint(projection: string, version: number): number {
    return this.#built.get(projection)?.get(version)?.checkpoint ?? 0;
  }

  *rows(projection: string, version: number): Iterable<readonly [key: string, row: unknown]> {
    const asOfNow = [...(this.#built.get(projection)?.get(version)?.rows ?? [])];
    for (const [key, text] of asOfNow) yield [key, JSON.parse(text) as unknown];
  }

  commit(projection: string, version: number, from: number, to: number, write: (writer: RowWriter) => void): void {
    const checkpoint = this.checkpoint(projection, version);
    if (checkpoint !== from) throw new CheckpointMovedError(projection, version, from, checkpoint);
    const changes = new Map<string, string | undefined>();
    write({
      put: (key, row) => void changes.set(key, encodeRow(projection, key, row)),
      delete: (key) => void changes.set(key, undefined),
    });
    const built = this.#take(projection, version);
    built.checkpoint = to;
    for (const [key, text] of changes) {
      if (text === undefined) built.rows.delete(key);
      else built.rows.set(key, text);
    }
  }

  versions(projection: string): readonly number[] {
    return [...(this.#built.get(projection)?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  drop(projection: string, version: number): void {
    this.#built.get(projection)?.delete(version);
  }

  replace(projection: string, version: number, built: string): void {
    const versions = this.#built.get(projection) ?? new Map<number, Built>();
    this.#built.set(projection, versions.set(version, this.#take(built, version)));
    this.drop(built, version);
  }

  #take(projection: string, version: number): Built {
    const versions = this.#built.get(projection) ?? new Map<number, Built>();
    const built = versions.get(version) ?? { checkpoint: 0, rows: new Map<string, string>() };
    this.#built.set(projection, versions.set(version, built));
    return built;
  }
}

/** A row as JSON text. Throws a TypeError for what JSON cannot hold. */
export function encodeRow(projection: string, key: string, row: unknown): string {
  const text = JSON.stringify(row) as string | undefined;
  if (text === undefined) throw new TypeError(`row ${key} of projection ${projection} cannot be written as JSON`);
  return text;
}
