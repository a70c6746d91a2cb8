import type { RecordedEvent } from './event.js';

/** Turns the data of one schema version into that of the next. Pure; must not change what it is given. */
export type Upcast = (data: unknown) => unknown;

/** The log holds an event this program cannot read: written by a newer one, or damaged. */
export class SchemaVersionError extends Error {
  readonly type: string;
  readonly schemaVersion: number;
  readonly current: number;

  constructor(event: RecordedEvent, current: number) {
    const cause = event.schemaVersion > current ? 'written by a newer Rightsize; upgrade this one' : 'not a version';
    super(
      `event ${event.id} at position ${event.position}: ${event.type} has schema version ${event.schemaVersion}, ` +
        `known are 1 to ${current} (${cause})`,
    );
    this.name = 'SchemaVersionError';
    this.type = event.type;
    this.schemaVersion = event.schemaVersion;
    this.current = current;
  }
}

/** A projection folds a type that this program has no history of: it cannot know what it reads. */
export class UnknownEventTypeError extends Error {
  readonly type: string;

  constructor(event: RecordedEvent) {
    super(
      `event ${event.id} at position ${event.position}: the type ${event.type} is unknown ` +
        '(written by a newer Rightsize; upgrade this one)',
    );
    this.name = 'UnknownEventTypeError';
    this.type = event.type;
  }
}

/**
 * What each event type went through. Item `i` of a type's list turns version `i + 1` into `i + 2`, so
 * the current version is the list's length + 1 and no step can be missing. A type that is not
 * registered is refused; where none is registered at all, every event passes as it was stored.
 */
export class Upcasters {
  readonly #chains: ReadonlyMap<string, readonly Upcast[]>;

  constructor(chains: Readonly<Record<string, readonly Upcast[]>> = {}) {
    this.#chains = new Map(Object.entries(chains).map(([type, chain]) => [type, [...chain]]));
  }

  /** The version events of this type are brought to; undefined for a type that is not registered. */
  currentVersion(type: string): number | undefined {
    const chain = this.#chains.get(type);
    return chain === undefined ? undefined : chain.length + 1;
  }

  /**
   * The event at its type's current version. Throws a {@link SchemaVersionError} for a version and an
   * {@link UnknownEventTypeError} for a type that it does not know.
   */
  upcast(event: RecordedEvent): RecordedEvent {
    const chain = this.#chains.get(event.type);
    if (chain === undefined) {
      if (this.#chains.size === 0) return event;
      throw new UnknownEventTypeError(event);
    }
    const current = chain.length + 1;
    const from = event.schemaVersion;
    if (from === current) return event;
    if (!Number.isInteger(from) || from < 1 || from > current) throw new SchemaVersionError(event, current);
    const data = chain.slice(from - 1).reduce((older, upcast) => upcast(older), event.data);
    return { ...event, schemaVersion: current, data };
  }
}
