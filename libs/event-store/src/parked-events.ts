/** An event at which a version of a projection stopped. */
export interface ParkedEvent {
  readonly projection: string;
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
  /** What the fold said. */
  readonly error: string;
  /** Milliseconds since the epoch. */
  readonly parkedAtMs: number;
  /** Somebody has decided that the projection goes on without it. */
  readonly skipped: boolean;
}

/**
 * Poison events. A projection that cannot fold an event stops before it and leaves a note here; it
 * never goes past it by itself, since rows that silently lack an event look like rows that are right.
 */
export interface ParkedEvents {
  /** In order of position. */
  list(projection: string, version: number): readonly ParkedEvent[];
  /** Parking the same event again keeps the latest error, and whether it is skipped. */
  park(event: Omit<ParkedEvent, 'skipped'>): void;
  /** False when no such event is parked. */
  skip(projection: string, version: number, position: number): boolean;
}

/** Positions that a fold passes over. */
export function skippedPositions(parked: ParkedEvents, projection: string, version: number): ReadonlySet<number> {
  const events = parked.list(projection, version);
  return new Set(events.filter(({ skipped }) => skipped).map(({ position }) => position));
}

/** A projection cannot fold an event; `cause` is what it threw. */
export class PoisonEventError extends Error {
  readonly position: number;
  readonly eventId: string;
  readonly type: string;

  constructor(event: { readonly position: number; readonly id: string; readonly type: string }, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const named = said.includes(event.id) ? '' : `event ${event.id} (${event.type}) at position ${event.position}: `;
    super(`cannot be folded: ${named}${said}`, { cause });
    this.name = 'PoisonEventError';
    this.position = event.position;
    this.eventId = event.id;
    this.type = event.type;
  }
}

export class InMemoryParkedEvents implements ParkedEvents {
  readonly #events = new Map<string, ParkedEvent>();

  list(projection: string, version: number): readonly ParkedEvent[] {
    return [...this.#events.values()]
      .filter((event) => event.projection === projection && event.version === version)
      .toSorted((a, b) => a.position - b.position);
  }

  park(event: Omit<ParkedEvent, 'skipped'>): void {
    const key = keyOf(event);
    this.#events.set(key, { ...event, skipped: this.#events.get(key)?.skipped ?? false });
  }

  skip(projection: string, version: number, position: number): boolean {
    const key = keyOf({ projection, version, position });
    const event = this.#events.get(key);
    if (event !== undefined) this.#events.set(key, { ...event, skipped: true });
    return event !== undefined;
  }
}

function keyOf(event: Pick<ParkedEvent, 'projection' | 'version' | 'position'>): string {
  return JSON.stringify([event.projection, event.version, event.position]);
}
