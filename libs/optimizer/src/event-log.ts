import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { EventStoreError, ProjectionRunner, type EventMetadata, type NewEvent } from '@rightsize/event-store';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { notificationOf } from './domain-notifications.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';
import { newId } from './new-id.js';
import type { ReadModels } from './projections/read-models.js';

/**
 * Events kept in memory: those of the last moments, and all while the log cannot be opened. Beyond it
 * the newest are dropped and counted.
 */
const WAITING_CAPACITY = 10_000;

const REOPEN_MS = 15_000;

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

/** Milliseconds between an append and its folding, so that a page of the log is folded at once. */
const FOLD_DELAY_MS = 100;

/** Events folded and committed at once: about a millisecond for each projection. */
const PAGE_EVENTS = 24;

interface Waiting {
  readonly stream: string;
  readonly event: NewEvent;
}

/**
 * The log as the optimizer sees it: `record` returns at once and never throws, whatever the disk
 * does. While the log cannot be opened, events wait (bounded) and teach the read models directly, so
 * that decisions stay good; once it can, they are appended and the read models follow the log again.
 */
export class EventLog {
  readonly #file: string;
  readonly #readModels: ReadModels;
  readonly #bus: EventBus;
  readonly #logger = new Logger('RightsizeEventLog');
  readonly #unsettled = new Set<Promise<void>>();
  #behind: (() => void)[] = [];
  #waiting: Waiting[] = [];
  #storage: EventStorage | null = null;
  #runner: ProjectionRunner | null = null;
  #opening: Promise<void> | null = null;
  #reopen: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #problem: string | null = null;
  #lost = 0;
  #position = 0;
  #closed = false;

  constructor(file: string, readModels: ReadModels, bus: EventBus) {
    this.#file = file;
    this.#readModels = readModels;
    this.#bus = bus;
  }

  /** Opens the log and brings the read models up to its end. Never rejects: see {@link problems}. */
  open(): Promise<void> {
    this.#opening ??= this.#tryOpen().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Queues an event and returns its id. Durable some {@link LINGER_MS} later: {@link settled} waits for that. */
  record(stream: string, event: DomainEvent, metadata: EventMetadata): string {
    const id = newId();
    const schemaVersion = EVENT_UPCASTERS.currentVersion(event.type)!;
    if (this.#waiting.length >= WAITING_CAPACITY) this.#lost += 1;
    else this.#waiting.push({ stream, event: { id, type: event.type, schemaVersion, data: event.data, metadata } });
    if (this.#storage) this.#writeSoon();
    else for (const projection of this.#readModels.all) projection.applyDomain(event);
    return id;
  }

  /**
   * Does work that nobody waits for, such as {@link record}ing what became of a request: not between
   * an answer and the next request, but when events are written, in order. It must not throw.
   */
  behind(work: () => void): void {
    this.#behind.push(work);
    this.#writeSoon();
  }

  /** Resolves when everything recorded so far is durable and folded, or has failed. */
  async settled(): Promise<void> {
    await this.#write();
    await Promise.all(this.#unsettled);
    await this.#runner?.waitFor(this.#position).catch(() => undefined);
  }

  /** Why the log is not as it should be, in words for people. */
  get problems(): readonly string[] {
    const stopped = (this.#runner?.status() ?? []).filter((s) => s.error !== null);
    return [
      ...(this.#problem ? [this.#problem] : []),
      ...(this.#lost > 0 ? [`${this.#lost} events could not be recorded`] : []),
      ...stopped.map((s) => `projection ${s.name}: ${s.error?.message ?? 'stopped'}`),
    ];
  }

  /** Position of the last event appended by this process or found at start; events queued; the slowest projection's lag. */
  get progress(): { readonly position: number; readonly queued: number; readonly lag: number } {
    const lag = Math.max(0, ...(this.#runner?.status() ?? []).map((s) => s.lag));
    return {
      position: this.#position,
      queued: this.#waiting.length + (this.#storage?.health().queuedEvents ?? 0),
      lag,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#reopen) clearTimeout(this.#reopen);
    await this.#opening;
    await this.settled();
    await this.#runner?.stop();
    await this.#storage?.close();
    this.#storage = null;
  }

  async #tryOpen(): Promise<void> {
    try {
      const storage = await openEventStorage({ file: this.#file });
      const runner = new ProjectionRunner(storage.store, storage.readModels, this.#readModels.all, {
        upcasters: EVENT_UPCASTERS,
        wakeDelayMs: FOLD_DELAY_MS,
        livePageSize: PAGE_EVENTS,
      });
      await runner.start();
      this.#position = await storage.store.head();
      await runner.waitFor(this.#position).catch(() => undefined);
      this.#runner = runner;
      this.#storage = storage;
      this.#problem = null;
      await this.#write();
    } catch (error) {
      this.#fail(error);
      if (!this.#closed) this.#reopenLater();
    }
  }

  #reopenLater(): void {
    this.#reopen = setTimeout(() => void this.open(), REOPEN_MS);
    this.#reopen.unref();
  }

  #writeSoon(): void {
    this.#linger ??= setTimeout(() => void this.#write(), LINGER_MS);
  }

  /** Hands everything that waits to the store, in parts. One at a time; a second caller shares the first one's. */
  #write(): Promise<void> {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#behind.length > 0 || (this.#storage && this.#waiting.length > 0)) this.#writing ??= this.#writeAll();
    return this.#writing ?? Promise.resolve();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      for (const work of part(this.#behind)) work();
      if (this.#storage) this.#appendAll(this.#storage, part(this.#waiting));
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#behind.length === 0 && (this.#storage === null || this.#waiting.length === 0)) break;
    }
    // In the same step as the loop's last look: what is recorded in between would wait for nobody.
    this.#writing = null;
  }

  /** Appends of one turn become one transaction, in the order in which they were made. */
  #appendAll(storage: EventStorage, entries: readonly Waiting[]): void {
    for (const [stream, events] of byStream(entries)) this.#append(storage, stream, events);
  }

  #append(storage: EventStorage, stream: string, events: readonly NewEvent[]): void {
    const done = storage.store.append(stream, events).then(
      (result) => {
        if (result.kind === 'appended') this.#position = Math.max(this.#position, result.position);
        this.#problem = null;
        for (const { type, data } of events) this.#bus.publish(notificationOf({ type, data } as DomainEvent));
      },
      (error: unknown) => {
        this.#lost += events.length;
        this.#fail(error);
      },
    );
    this.#unsettled.add(done);
    void done.finally(() => this.#unsettled.delete(done));
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const problem = `event log: ${message}`;
    if (problem !== this.#problem) {
      this.#logger.error(problem, error instanceof EventStoreError ? undefined : (error as Error)?.stack);
    }
    this.#problem = problem;
  }
}

/** Takes from the front what one turn of the event loop may work off. */
function part<T>(queue: T[]): readonly T[] {
  return queue.splice(0, Math.max(PART_EVENTS, Math.ceil(queue.length / PARTS)));
}

/** Neighbours in one stream together: a request's events are one append, and none comes before what led to it. */
function byStream(entries: readonly Waiting[]): readonly (readonly [stream: string, events: readonly NewEvent[]])[] {
  const appends: [string, NewEvent[]][] = [];
  for (const { stream, event } of entries) {
    const last = appends.at(-1);
    if (last?.[0] === stream) last[1].push(event);
    else appends.push([stream, [event]]);
  }
  return appends;
}
