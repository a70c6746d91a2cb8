import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import type { RetentionTask } from './retention-worker.js';

const HOUR_MS = 3_600_000;

/** Deletes old events beside the requests: once after the start, then every hour. */
export class RetentionSchedule {
  readonly #taskNow: () => RetentionTask;
  readonly #logger = new Logger('RightsizeRetention');
  #timer: NodeJS.Timeout | null = null;
  #worker: Worker | null = null;
  #problem: string | null = null;

  /** `taskNow` is asked each time: what is to be kept can change at run time. */
  constructor(taskNow: () => RetentionTask) {
    this.#taskNow = taskNow;
  }

  /** Why old events are not deleted, in words for people; null when they are, or none are to be. */
  get problem(): string | null {
    return this.#problem;
  }

  /** At start, and when the task has changed. Does nothing when everything is to be kept. The log must be open: its schema is up to date then. */
  start(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const { keepMs, maxBytes, file } = this.#taskNow();
    if ((keepMs === null && maxBytes === null) || file === ':memory:') return;
    this.#run();
    this.#timer = setInterval(() => this.#run(), HOUR_MS);
    this.#timer.unref();
  }

  /** Ends what is going on between two of its steps; the next start finishes it. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#worker === null) return;
    const ended = once(this.#worker, 'exit');
    this.#worker.postMessage('stop');
    await ended;
  }

  #run(): void {
    if (this.#worker !== null) return;
    this.#problem = null;
    this.#worker = new Worker(new URL('./retention-worker.js', import.meta.url), { workerData: this.#taskNow() });
    this.#worker.unref();
    this.#worker.on('error', (error) => {
      this.#problem = `old events are not deleted: ${error.message}`;
      this.#logger.error(this.#problem);
    });
    this.#worker.on('exit', () => {
      this.#worker = null;
    });
  }
}
