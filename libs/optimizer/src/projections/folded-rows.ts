import type { Projection, RecordedEvent, RowWriter } from '@rightsize/event-store';
import type { DomainEvent, TrafficEvent } from '@rightsize/optimizer-core';

/** `rowOf` gives another row as it is, for events that concern two. */
export type Fold<Row, Event> = (row: Row | undefined, event: Event, rowOf: (key: string) => Row | undefined) => Row;

/** A projection that can also be taught without a log. */
export interface DomainProjection extends Projection {
  applyDomain(event: DomainEvent): void;
}

/**
 * A projection whose row under a key is a fold of the events that concern the key. Rows are
 * immutable values, replaced by each fold, so the hot path may hold on to one while the next is made.
 */
export class FoldedRows<Row, Event extends DomainEvent = TrafficEvent> implements DomainProjection {
  readonly name: string;
  readonly version: number;
  readonly types: readonly Event['type'][];
  readonly #keyOf: (event: Event) => string | null;
  readonly #fold: Fold<Row, Event>;
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<string>();

  constructor(definition: {
    name: string;
    version: number;
    types: readonly Event['type'][];
    /** Null: the event concerns no row. */
    keyOf: (event: Event) => string | null;
    fold: Fold<Row, Event>;
  }) {
    this.name = definition.name;
    this.version = definition.version;
    this.types = definition.types;
    this.#keyOf = definition.keyOf;
    this.#fold = definition.fold;
  }

  get(key: string): Row | null {
    return this.#rows.get(key) ?? null;
  }

  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  load(rows: Iterable<readonly [key: string, row: unknown]>): void {
    this.#rows.clear();
    this.#changed.clear();
    for (const [key, row] of rows) this.#rows.set(key, row as Row);
  }

  apply(event: RecordedEvent): void {
    this.applyDomain({ type: event.type, data: event.data } as DomainEvent);
  }

  /** The fold without a log: keeps learning while the log cannot be written. */
  applyDomain(told: DomainEvent): void {
    if (!(this.types as readonly string[]).includes(told.type)) return;
    const event = told as Event;
    const key = this.#keyOf(event);
    if (key === null) return;
    this.#rows.set(
      key,
      this.#fold(this.#rows.get(key), event, (other) => this.#rows.get(other)),
    );
    this.#changed.add(key);
  }

  flush(writer: RowWriter): void {
    for (const key of this.#changed) writer.put(key, this.#rows.get(key));
    this.#changed.clear();
  }
}
