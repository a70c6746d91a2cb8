import { EventStoreError, type AppendResult } from '@rightsize/event-store';
import type { AppendOutcome, EncodedAppend } from './append-transaction.js';
import { toEventStoreError } from './sqlite-failure.js';
import type { WriteHealth } from './write-health.js';

export interface AppendQueueOptions {
  readonly file: string;
  readonly maxQueuedEvents: number;
  readonly maxQueuedBytes: number;
  readonly lockedAfterMs: number;
}

interface Pending extends EncodedAppend {
  readonly bytes: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Events in one transaction: it runs with the event loop stopped, so a group is kept to about two milliseconds. */
const GROUP_EVENTS = 128;

/** Milliseconds between tries while another process holds the lock: doubled from the first to the last. */
const RETRY_MS = { first: 2, last: 200 };

/**
 * Group commit. Appends of one turn of the event loop wait here and become durable in one
 * transaction right after it: what 32 requests append at once costs one commit, and nobody who
 * appends pays for it before their turn is over.
 */
export class AppendQueue {
  readonly #commit: (appends: readonly EncodedAppend[]) => Promise<readonly AppendOutcome[]>;
  readonly #options: AppendQueueOptions;
  readonly #health: WriteHealth;
  readonly #onAppended: () => void;
  #pending: Pending[] = [];
  #events = 0;
  #bytes = 0;
  /** A group is about to be written, or being written: one at a time, in order. */
  #scheduled = false;
  /** Since when another process has held the lock, by a clock that never goes back; null while none does. */
  #lockedSince: number | null = null;
  #retryMs = RETRY_MS.first;
  #onIdle: (() => void)[] = [];

  constructor(
    commit: (appends: readonly EncodedAppend[]) => Promise<readonly AppendOutcome[]>,
    options: AppendQueueOptions,
    health: WriteHealth,
    onAppended: () => void,
  ) {
    this.#commit = commit;
    this.#options = options;
    this.#health = health;
    this.#onAppended = onAppended;
  }

  get queuedEvents(): number {
    return this.#events;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  /** Resolves when the append is durable. An append larger than the whole queue is taken when nothing else waits. */
  push(append: EncodedAppend, bytes: number): Promise<AppendResult> {
    const { file, maxQueuedEvents, maxQueuedBytes } = this.#options;
    const tooMany = this.#events + append.events.length > maxQueuedEvents || this.#bytes + bytes > maxQueuedBytes;
    if (tooMany && this.#pending.length > 0) {
      const waiting = `${this.#events} events (${this.#bytes} bytes) wait to be written`;
      const remedy = 'the disk is slower than the traffic; use a faster one or raise the queue limits';
      return Promise.reject(new EventStoreError('overloaded', `database ${file}: ${waiting}: ${remedy}`));
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...append, bytes, resolve, reject });
      this.#events += append.events.length;
      this.#bytes += bytes;
      this.#schedule();
    });
  }

  /** Resolves when nothing is queued. */
  idle(): Promise<void> {
    return this.#pending.length === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const group = this.#nextGroup();
    let outcomes: readonly AppendOutcome[];
    try {
      outcomes = await this.#commit(group);
    } catch (error) {
      this.#groupFailed(group, error);
      return;
    }
    this.#lockedSince = null;
    this.#retryMs = RETRY_MS.first;
    this.#health.succeeded();
    this.#remove(group);
    group.forEach((append, index) => settle(append, outcomes[index]!));
    if (outcomes.some((outcome, index) => wrote(outcome, group[index]!))) this.#onAppended();
    this.#afterGroup();
  }

  #nextGroup(): readonly Pending[] {
    let events = 0;
    let count = 0;
    for (const append of this.#pending) {
      if (count > 0 && events + append.events.length > GROUP_EVENTS) break;
      events += append.events.length;
      count += 1;
    }
    return this.#pending.slice(0, count);
  }

  #groupFailed(group: readonly Pending[], error: unknown): void {
    const failure = toEventStoreError(error, this.#options.file);
    if (failure?.code === 'locked' && this.#retryLater(failure)) return;
    if (failure !== undefined) this.#health.failed(failure);
    // Everybody has waited for the same lock: the rest must not each wait as long again.
    const failed = failure?.code === 'locked' ? this.#pending : group;
    this.#lockedSince = null;
    this.#retryMs = RETRY_MS.first;
    this.#remove(failed);
    for (const append of failed) append.reject(failure ?? error);
    this.#afterGroup();
  }

  /** False when it has waited long enough. */
  #retryLater(failure: EventStoreError): boolean {
    const nowMs = performance.now();
    this.#lockedSince ??= nowMs;
    if (nowMs - this.#lockedSince >= this.#options.lockedAfterMs) return false;
    this.#health.failed(failure);
    setTimeout(() => void this.#flush(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.last);
    return true;
  }

  #remove(done: readonly Pending[]): void {
    this.#pending = this.#pending.slice(done.length);
    for (const append of done) {
      this.#events -= append.events.length;
      this.#bytes -= append.bytes;
    }
  }

  #afterGroup(): void {
    this.#scheduled = false;
    if (this.#pending.length > 0) {
      this.#schedule();
      return;
    }
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}

function settle(append: Pending, outcome: AppendOutcome): void {
  if (outcome.kind === 'failed') append.reject(outcome.error);
  else append.resolve(outcome);
}

function wrote(outcome: AppendOutcome, append: Pending): boolean {
  return outcome.kind === 'appended' && outcome.duplicates < append.events.length;
}
