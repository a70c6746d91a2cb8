import { Logger } from '@nestjs/common';
import { EventStoreError, type EventMetadata, type ProjectionStatus, type RecordedEvent } from '@rightsize/event-store';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { notificationOf } from './domain-notifications.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';
import type { HostEventBus } from './host-event-bus.js';
import { LogFollowers } from './log-followers.js';
import { LogWriter } from './log-writer.js';
import { MAINTENANCE_COMMAND } from './maintenance-command.js';
import { newId } from './new-id.js';
import type { LogStorage, OpenStorage } from './ports.js';
import { ProjectionHost } from './projections/projection-host.js';
import type { ReadModels } from './projections/read-models.js';
import { WaitingEvents } from './waiting-events.js';
import { Witnesses } from './witness.js';
import type { Observable } from 'rxjs';

const REOPEN_MS = 15_000;

/** Milliseconds for which health goes on telling that decisions were left out. */
const TELL_MS = 300_000;

/** How the log fares, in numbers. */
export interface LogProgress {
  /** Position of the last event appended by this process or found at start. */
  readonly position: number;
  /** Events that are not durable yet. */
  readonly queued: number;
  /** Positions that the slowest projection is behind. */
  readonly lag: number;
  /** Decisions that were not recorded, because the disk was slower than the traffic. */
  readonly droppedDecisions: number;
  /** Other events that could not be recorded. */
  readonly lost: number;
  readonly projections: readonly Omit<ProjectionStatus, 'error'>[];
}

/**
 * The log as the optimizer sees it: `record` returns at once and never throws, whatever the disk
 * does. While the log cannot be opened, events wait (bounded) and teach the read models directly, so
 * that decisions stay good; once it can, they are appended and the read models follow the log again.
 */
export class EventLog {
  readonly #openStorage: OpenStorage;
  readonly #readModels: ReadModels;
  readonly #witnesses: Witnesses;
  readonly #logger = new Logger('RightsizeEventLog');
  readonly #waiting: WaitingEvents;
  readonly #writer: LogWriter;
  readonly #followers = new LogFollowers();
  #storage: LogStorage | null = null;
  #host: ProjectionHost | null = null;
  #opening: Promise<void> | null = null;
  #reopen: NodeJS.Timeout | null = null;
  #problem: string | null = null;
  #position = 0;
  #closed = false;
  #toldDropped = 0;
  #droppedAtMs = -Infinity;

  constructor(
    openStorage: OpenStorage,
    readModels: ReadModels,
    bus: Pick<HostEventBus, 'publish'>,
    waiting: WaitingEvents = new WaitingEvents(),
    witnesses: Witnesses = new Witnesses(),
    instance?: string,
  ) {
    this.#openStorage = openStorage;
    this.#witnesses = witnesses;
    this.#readModels = readModels;
    this.#waiting = waiting;
    this.#writer = new LogWriter(waiting, {
      written: (events, position) => {
        this.#position = Math.max(this.#position, position);
        this.#problem = null;
        for (const { type, data } of events) bus.publish(notificationOf({ type, data } as DomainEvent, instance));
      },
      failed: (error) => this.#fail(error),
    });
  }

  /** Opens the log and brings the read models up to its end. Never rejects: see {@link problems}. */
  open(): Promise<void> {
    this.#opening ??= this.#tryOpen().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Queues an event and returns its id. Durable some 25 ms later: {@link settled} waits for that. */
  record(stream: string, event: DomainEvent, metadata: EventMetadata): string {
    const id = newId();
    this.#witnesses.tell((witness) => witness.recorded?.(event));
    const schemaVersion = EVENT_UPCASTERS.currentVersion(event.type)!;
    this.#writer.push({ stream, event: { id, type: event.type, schemaVersion, data: event.data, metadata } });
    if (!this.#storage) for (const projection of this.#readModels.all) projection.applyDomain(event);
    return id;
  }

  /**
   * Does work that nobody waits for, such as {@link record}ing what became of a request: not between
   * an answer and the next request, but when events are written, in order. It must not throw.
   */
  behind(work: () => void): void {
    this.#writer.behind(work);
  }

  /** Resolves when everything recorded so far is durable and folded, or has failed; what is catching up is not waited for. */
  async settled(): Promise<void> {
    await this.#writer.settled();
    await this.#host?.folded(this.#position);
  }

  /** Why the log is not as it should be, in words for people. */
  get problems(): readonly string[] {
    const stopped = (this.#host?.status() ?? []).filter((s) => s.error !== null);
    return [
      ...(this.#problem ? [this.#problem] : []),
      ...this.#leftOut(),
      ...this.#catchingUp(),
      ...stopped.map((s) => `projection ${s.name}: ${s.error?.message ?? 'stopped'}${remedyOf(s)}`),
    ];
  }

  get progress(): LogProgress {
    const status = this.#host?.status() ?? [];
    return {
      position: this.#position,
      queued: this.#writer.queued,
      lag: Math.max(0, ...status.map((s) => s.lag)),
      droppedDecisions: this.#waiting.droppedDecisions,
      lost: this.#waiting.lost,
      projections: status.map(({ name, version, position, lag, state, parkedAt }) => ({
        name,
        version,
        position,
        lag,
        state,
        parkedAt,
      })),
    };
  }

  /** Where each read model stands; empty while the log is not open. */
  get projections(): readonly ProjectionStatus[] {
    return this.#host?.status() ?? [];
  }

  /** Whether the rows of a read model are those of the log, but for its last moments. */
  isCurrent(name: string): boolean {
    return this.#host?.isCurrent(name) ?? true;
  }

  /** Resolves when all read models have caught up with the log, or cannot go on. */
  get current(): Promise<void> {
    return this.#host?.current ?? Promise.resolve();
  }

  /** For reading; null while the log is not open. */
  get storage(): LogStorage | null {
    return this.#storage;
  }

  /** What is in the log after a position, then what comes; null: only what comes. Completes when it is closed. */
  events(after: number | null): Observable<RecordedEvent> {
    return this.#followers.events(after);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#reopen) clearTimeout(this.#reopen);
    await this.#opening;
    await this.settled();
    await this.#writer.close();
    await this.#host?.stop();
    await this.#followers.close();
    await this.#storage?.close();
    this.#storage = null;
  }

  async #tryOpen(): Promise<void> {
    try {
      const storage = await this.#openStorage();
      const host = new ProjectionHost(storage, this.#readModels.all);
      await host.start();
      this.#position = await storage.store.head();
      this.#host = host;
      this.#storage = storage;
      this.#problem = null;
      this.#followers.attach(storage);
      await this.#writer.attach(storage);
    } catch (error) {
      this.#fail(error);
      if (!this.#closed) this.#reopenLater();
    }
  }

  #reopenLater(): void {
    this.#reopen = setTimeout(() => void this.open(), REOPEN_MS);
    this.#reopen.unref();
  }

  /** Decisions that gave way are told of for a while, other events that were lost for good. */
  #leftOut(): readonly string[] {
    const { droppedDecisions, lost } = this.#waiting;
    const nowMs = performance.now();
    if (droppedDecisions > this.#toldDropped) this.#droppedAtMs = nowMs;
    this.#toldDropped = droppedDecisions;
    const why = 'the disk is slower than the traffic; what became of the requests is recorded all the same';
    return [
      ...(lost > 0 ? [`${lost} events could not be recorded`] : []),
      ...(nowMs - this.#droppedAtMs < TELL_MS ? [`${droppedDecisions} decisions were not recorded: ${why}`] : []),
    ];
  }

  /** A fold that a new version has changed. */
  #catchingUp(): readonly string[] {
    const late = this.projections.filter(({ name }) => !this.isCurrent(name));
    if (late.length === 0) return [];
    const left = Math.max(...late.map(({ lag }) => lag));
    const names = late.map(({ name }) => name).join(', ');
    return [`${left} events are still to be folded anew into ${names}: until then decisions know less`];
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

function remedyOf({ name, parkedAt }: ProjectionStatus): string {
  if (parkedAt === null) return '';
  return `; an upgrade may mend it, or go on without the event: ${MAINTENANCE_COMMAND} skip ${name} ${parkedAt}`;
}
