import { EventStoreError, type EventStoreErrorCode, type NewEvent } from '@rightsize/event-store';
import type { LogStorage } from './ports.js';
import type { WaitingEvent, WaitingEvents } from './waiting-events.js';

/**
 * Events wait this long for company: one commit then pays for many, and none falls between a request
 * and its answer. The end of the process by SIGKILL loses them (docs/decisions/durability.md).
 */
const LINGER_MS = 25;

/**
 * Events written in one turn of the event loop, which stands still meanwhile: about a millisecond. A
 * longer queue is written in larger parts, so that it shrinks whatever the traffic is.
 */
const PART_EVENTS = 24;
const PARTS = 8;

/** Events that the store may hold unwritten; the others wait here, where decisions can give way. */
const STORE_QUEUE = 1_000;

/** Milliseconds until what could not be written is tried again: doubled from the first to the last. */
const RETRY_MS = { first: 200, last: 15_000 };

/** What may be well again later; anything else would fail again. */
const PASSING: readonly EventStoreErrorCode[] = ['locked', 'full', 'io', 'overloaded', 'read-only'];

export interface WritingEnds {
  readonly written: (events: readonly NewEvent[], position: number) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Hands events to the store behind the requests: in parts, in order, no faster than the store takes
 * them, and again when it could not. Without a store it lets them wait.
 */
export class LogWriter {
  readonly #waiting: WaitingEvents;
  readonly #ends: WritingEnds;
  readonly #unsettled = new Set<Promise<void>>();
  /** What the store has refused, until it is tried again. */
  readonly #refused: WaitingEvent[] = [];
  #behind: (() => void)[] = [];
  #storage: LogStorage | null = null;
  #linger: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  /** The pause that follows a refusal. */
  #retry: NodeJS.Timeout | null = null;
  #nextRetryMs = RETRY_MS.first;

  constructor(waiting: WaitingEvents, ends: WritingEnds) {
    this.#waiting = waiting;
    this.#ends = ends;
  }

  /** Events that are not durable yet. */
  get queued(): number {
    return this.#waiting.length + this.#refused.length + (this.#storage?.health().queuedEvents ?? 0);
  }

  /** From here on events are written to `storage`, those that wait first. */
  attach(storage: LogStorage): Promise<void> {
    this.#storage = storage;
    return this.#write();
  }

  push(event: WaitingEvent): void {
    this.#waiting.push(event);
    if (this.#storage) this.#writeSoon();
  }

  /** Does work that nobody waits for when events are written, in order. It must not throw. */
  behind(work: () => void): void {
    this.#behind.push(work);
    this.#writeSoon();
  }

  /** Resolves when everything pushed so far is durable, or could not be made so. */
  async settled(): Promise<void> {
    do {
      await this.#write();
      await Promise.all(this.#unsettled);
    } while (this.#behind.length > 0 || (this.#waiting.length > 0 && this.#mayWrite()));
  }

  /** Tries everything a last time; what cannot be written is given up. */
  async close(): Promise<void> {
    this.#resume();
    await this.settled();
    this.#resume();
    this.#waiting.drop(this.#waiting.take(Infinity));
    this.#storage = null;
  }

  #writeSoon(): void {
    this.#linger ??= setTimeout(() => void this.#write(), LINGER_MS);
  }

  /** Hands everything that waits to the store, in parts. One at a time; a second caller shares the first one's. */
  #write(): Promise<void> {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#behind.length > 0 || (this.#waiting.length > 0 && this.#mayWrite())) this.#writing ??= this.#writeAll();
    return this.#writing ?? Promise.resolve();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      for (const work of this.#behind.splice(0, partOf(this.#behind.length))) work();
      if (this.#storage && this.#mayWrite())
        this.#appendAll(this.#storage, this.#waiting.take(partOf(this.#waiting.length)));
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#behind.length === 0 && (this.#waiting.length === 0 || !this.#mayWrite())) break;
    }
    // In the same step as the loop's last look: what is recorded in between would wait for nobody.
    this.#writing = null;
  }

  /** False while the store has enough to do, or has refused a moment ago. An append that ends looks again. */
  #mayWrite(): boolean {
    return this.#storage !== null && this.#retry === null && this.#storage.health().queuedEvents < STORE_QUEUE;
  }

  /** Appends of one turn become one transaction, in the order in which they were made. */
  #appendAll(storage: LogStorage, entries: readonly WaitingEvent[]): void {
    for (const [stream, events] of byStream(entries)) this.#append(storage, stream, events);
  }

  #append(storage: LogStorage, stream: string, events: readonly NewEvent[]): void {
    const done = storage.store.append(stream, events).then(
      (result) => {
        this.#nextRetryMs = RETRY_MS.first;
        this.#ends.written(events, result.kind === 'appended' ? result.position : 0);
      },
      (error: unknown) => {
        const entries = events.map((event) => ({ stream, event }));
        if (error instanceof EventStoreError && PASSING.includes(error.code)) this.#writeLater(entries);
        else this.#waiting.drop(entries);
        this.#ends.failed(error);
      },
    );
    this.#unsettled.add(done);
    void done.finally(() => {
      this.#unsettled.delete(done);
      if (this.#waiting.length > 0) this.#writeSoon();
    });
  }

  /** An id is in the log once, so that an append whose end is unknown can be made again. */
  #writeLater(events: readonly WaitingEvent[]): void {
    this.#refused.push(...events);
    if (this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#resume();
      void this.#write();
    }, this.#nextRetryMs);
    this.#retry.unref();
    this.#nextRetryMs = Math.min(this.#nextRetryMs * 2, RETRY_MS.last);
  }

  /** What was refused goes first, in the order in which it was made. */
  #resume(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#waiting.putBack(this.#refused.splice(0));
  }
}

/** What one turn of the event loop may work off. */
function partOf(length: number): number {
  return Math.max(PART_EVENTS, Math.ceil(length / PARTS));
}

/** Neighbours in one stream together: a request's events are one append, and none comes before what led to it. */
function byStream(
  entries: readonly WaitingEvent[],
): readonly (readonly [stream: string, events: readonly NewEvent[]])[] {
  const appends: [string, NewEvent[]][] = [];
  for (const { stream, event } of entries) {
    const last = appends.at(-1);
    if (last?.[0] === stream) last[1].push(event);
    else appends.push([stream, [event]]);
  }
  return appends;
}
