import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { EventStoreError, ProjectionRunner, type EventMetadata, type NewEvent } from '@rightsize/event-store';
import { openEventStorage, type EventStorage } from '@rightsize/event-store-sqlite';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { v7 } from 'uuid';
import { notificationOf } from './domain-notifications.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';
import type { ReadModels } from './projections/read-models.js';

/** Events kept for a log that cannot be opened yet. Beyond it the newest are dropped and counted. */
const WAITING_CAPACITY = 10_000;

const REOPEN_MS = 15_000;

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
  #waiting: Waiting[] = [];
  #storage: EventStorage | null = null;
  #runner: ProjectionRunner | null = null;
  #opening: Promise<void> | null = null;
  #reopen: NodeJS.Timeout | null = null;
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

  /** Queues an event and returns its id. Durable a few milliseconds later: {@link settled} waits for that. */
  record(stream: string, event: DomainEvent, metadata: EventMetadata): string {
    const id = v7();
    const entry: Waiting = { stream, event: { id, type: event.type, schemaVersion: 1, data: event.data, metadata } };
    if (this.#storage) this.#append(this.#storage, entry);
    else this.#keep(entry, event);
    return id;
  }

  /** Resolves when everything recorded so far is durable and folded, or has failed. */
  async settled(): Promise<void> {
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
    return { position: this.#position, queued: this.#unsettled.size + this.#waiting.length, lag };
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
      });
      await runner.start();
      this.#position = await storage.store.head();
      await runner.waitFor(this.#position).catch(() => undefined);
      this.#runner = runner;
      this.#storage = storage;
      this.#problem = null;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const entry of waiting) this.#append(storage, entry);
    } catch (error) {
      this.#fail(error);
      if (!this.#closed) this.#reopenLater();
    }
  }

  #reopenLater(): void {
    this.#reopen = setTimeout(() => void this.open(), REOPEN_MS);
    this.#reopen.unref();
  }

  #append(storage: EventStorage, { stream, event }: Waiting): void {
    const done = storage.store.append(stream, [event]).then(
      (result) => {
        if (result.kind === 'appended') this.#position = Math.max(this.#position, result.position);
        this.#problem = null;
        this.#bus.publish(notificationOf({ type: event.type, data: event.data } as DomainEvent));
      },
      (error: unknown) => {
        this.#lost += 1;
        this.#fail(error);
      },
    );
    this.#unsettled.add(done);
    void done.finally(() => this.#unsettled.delete(done));
  }

  #keep(entry: Waiting, event: DomainEvent): void {
    if (this.#waiting.length >= WAITING_CAPACITY) this.#lost += 1;
    else this.#waiting.push(entry);
    for (const projection of this.#readModels.all) projection.applyDomain(event);
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
