import { EventStoreError } from '@rightsize/event-store';
import { Worker } from 'node:worker_threads';
import type { AppendCommitter } from './append-committer.js';
import type { AppendOutcome, EncodedAppend } from './append-transaction.js';
import type { EventStorageOptions } from './event-storage.js';

/** What the thread is given: how to open its handle. */
export type AppendThreadOptions = Pick<
  EventStorageOptions,
  'file' | 'synchronous' | 'maxFileBytes' | 'busyTimeoutMs' | 'lockedAfterMs'
>;

export interface CommitOrder {
  readonly appends: readonly EncodedAppend[];
  readonly nowMs: number;
}

/** An error on its way between threads, which lose its class and its code. */
export interface SentError {
  readonly message: string;
  /** SQLite's; empty for what is not SQLite's. */
  readonly code: string;
}

export type SentOutcome =
  Exclude<AppendOutcome, { readonly kind: 'failed' }> | { readonly kind: 'failed'; readonly error: SentError };

/** `ready`: it has tried to open its handle; a file that it cannot open is told of with the first group. */
export type CommitReport = 'ready' | { readonly outcomes: readonly SentOutcome[] } | { readonly error: SentError };

interface Ordered {
  readonly resolve: (outcomes: readonly AppendOutcome[]) => void;
  readonly reject: (error: Error) => void;
}

const SCRIPT = new URL('./append.worker.js', import.meta.url);

/**
 * Commits on a thread of its own, with a handle of its own: SQLite stops the thread it runs on, for as long as a disk
 * takes. A thread that has ended by itself is made anew with the next group.
 */
export class AppendThread implements AppendCommitter {
  readonly #options: AppendThreadOptions;
  #worker: Worker | null = null;
  /** The group that is being written; the queue gives one at a time. */
  #ordered: Ordered | null = null;

  constructor(options: AppendThreadOptions) {
    this.#options = options;
  }

  /** Resolves when the thread is there: a process that is killed soon after must not lose what came while it began. */
  begin(): Promise<void> {
    const worker = (this.#worker ??= this.#begin());
    return new Promise((resolve) => {
      worker.once('message', () => resolve());
      worker.once('exit', () => resolve());
    });
  }

  commit(appends: readonly EncodedAppend[], nowMs: number): Promise<readonly AppendOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#ordered = { resolve, reject };
      const worker = (this.#worker ??= this.#begin());
      // A process does not end while something is being written, nor wait for a thread that has nothing to do.
      worker.ref();
      // Field by field: what waits for an append hangs on it, and cannot be sent.
      const sent = appends.map(({ stream, events, expected }) => ({ stream, events, expected }));
      worker.postMessage({ appends: sent, nowMs } satisfies CommitOrder);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    worker.ref();
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.postMessage(null);
    });
  }

  #begin(): Worker {
    const worker = new Worker(SCRIPT, { workerData: this.#options, execArgv: [] });
    worker.on('message', (report: CommitReport) => {
      worker.unref();
      if (report !== 'ready') this.#report(report);
    });
    worker.on('error', (error: unknown) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, null));
    return worker;
  }

  #report(report: Exclude<CommitReport, 'ready'>): void {
    const ordered = this.#ordered;
    this.#ordered = null;
    if ('error' in report) ordered?.reject(received(report.error));
    else ordered?.resolve(report.outcomes.map(outcomeOf));
  }

  /** What it had in hand may be in the log or not: the same ids can be appended again. */
  #ended(worker: Worker, cause: unknown): void {
    // It tells of its end twice when it fails: what the next one has in hand by then is not its business.
    if (this.#worker !== worker) return;
    this.#worker = null;
    const ordered = this.#ordered;
    this.#ordered = null;
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const said = `database ${this.#options.file}: the thread that writes events has ended${why}; it is started again`;
    ordered?.reject(new EventStoreError('io', said, { cause }));
  }
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error), code: '' };
  return { message: error.message, code: 'code' in error ? String(error.code) : '' };
}

function received({ message, code }: SentError): Error {
  return Object.assign(new Error(message), code === '' ? {} : { code });
}

function outcomeOf(outcome: SentOutcome): AppendOutcome {
  return outcome.kind === 'failed' ? { kind: 'failed', error: received(outcome.error) } : outcome;
}
