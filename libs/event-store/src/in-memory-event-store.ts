import { AppendedListeners } from './appended-listeners.js';
import type { EventMetadata, NewEvent, RecordedEvent } from './event.js';
import {
  EventStoreError,
  type AppendResult,
  type EventStore,
  type ExpectedVersion,
  type ReadAllOptions,
  type ReadStreamOptions,
} from './event-store.js';

/** Data and metadata are held as JSON text, so that what is read back is what any other store gives back. */
type StoredEvent = Omit<RecordedEvent, 'data' | 'metadata'> & { readonly data: string; readonly metadata: string };

/** The reference store: the contract in its shortest form, and the store of tests. Gone with the process. */
export class InMemoryEventStore implements EventStore {
  readonly #log: StoredEvent[] = [];
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #byId = new Map<string, StoredEvent>();
  readonly #listeners = new AppendedListeners();
  readonly #now: () => number;
  #closed = false;

  constructor(options: { /** Milliseconds since the epoch. */ readonly now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
  }

  async append(stream: string, events: readonly NewEvent[], expected: ExpectedVersion = 'any'): Promise<AppendResult> {
    this.#refuseWhenClosed();
    const texts = events.map((event) => ({
      data: encodeEventData(event),
      metadata: JSON.stringify(event.metadata),
    }));
    const actualVersion = this.#stream(stream).length;
    const allKnown = events.length > 0 && events.every((event) => this.#byId.has(event.id));
    if (expected !== 'any' && expected !== actualVersion && !allKnown) return { kind: 'conflict', actualVersion };

    const before = this.#log.length;
    const recordedAtMs = this.#now();
    let last = this.#stream(stream).at(-1);
    events.forEach((event, index) => {
      last = this.#byId.get(event.id) ?? this.#record(stream, event, texts[index]!, recordedAtMs);
    });
    const written = this.#log.length - before;
    if (written > 0) queueMicrotask(() => this.#listeners.notify());
    return {
      kind: 'appended',
      position: last?.position ?? 0,
      version: last?.version ?? 0,
      duplicates: events.length - written,
    };
  }

  async readAll(options: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    this.#refuseWhenClosed();
    const { after, limit, types } = options;
    const rest = this.#log.slice(Math.max(0, after));
    const wanted = types === undefined ? rest : rest.filter((event) => types.includes(event.type));
    return wanted.slice(0, Math.max(0, limit)).map(decode);
  }

  async readStream(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    this.#refuseWhenClosed();
    const first = Math.max(0, options.from - 1);
    return this.#stream(stream)
      .slice(first, first + Math.max(0, options.limit))
      .map(decode);
  }

  async head(): Promise<number> {
    this.#refuseWhenClosed();
    return this.#log.length;
  }

  onAppended(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
  }

  #stream(stream: string): readonly StoredEvent[] {
    return this.#streams.get(stream) ?? [];
  }

  #record(
    stream: string,
    event: NewEvent,
    texts: { readonly data: string; readonly metadata: string },
    recordedAtMs: number,
  ): StoredEvent {
    const { id, type, schemaVersion } = event;
    const inStream = this.#streams.get(stream) ?? [];
    const position = this.#log.length + 1;
    const version = inStream.length + 1;
    const stored = { id, type, schemaVersion, ...texts, position, stream, version, recordedAtMs };
    this.#log.push(stored);
    inStream.push(stored);
    this.#streams.set(stream, inStream);
    this.#byId.set(id, stored);
    return stored;
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new EventStoreError('closed', 'the in-memory event store is closed; open a new one');
  }
}

/** The event's data as JSON text. Throws a TypeError for what JSON cannot hold: that is the caller's mistake. */
export function encodeEventData(event: NewEvent): string {
  const text = JSON.stringify(event.data) as string | undefined;
  if (text === undefined) throw new TypeError(`data of event ${event.id} (${event.type}) cannot be written as JSON`);
  return text;
}

function decode(stored: StoredEvent): RecordedEvent {
  const data: unknown = JSON.parse(stored.data);
  return { ...stored, data, metadata: JSON.parse(stored.metadata) as EventMetadata };
}
