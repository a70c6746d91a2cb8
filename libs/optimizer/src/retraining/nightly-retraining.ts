import { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import type { Clock } from '../clock.js';
import type { UnattendedRetraining } from './retrain-log.js';

const MINUTE_MS = 60_000;
/** A timer may fire early, and clocks change in the night: it looks at the time again at least this often. */
const LOOK_MS = 30 * MINUTE_MS;

/** Retrains on a log, somewhere that is not the event loop of the requests. */
export type Retrain = (file: string, nowMs: number, signal: AbortSignal) => Promise<UnattendedRetraining>;

/** The next time that the clock on the wall shows `at` (`03:30`), milliseconds since the epoch, later than `nowMs`. */
export function nextTime(at: string, nowMs: number): number {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const next = new Date(nowMs);
  next.setHours(hours, minutes, 0, 0);
  if (next.getTime() <= nowMs) next.setDate(next.getDate() + 1);
  return next.getTime();
}

/** Retrains once a day while it runs. What fails is logged and tried again the next day. */
export class NightlyRetraining {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #retrain: Retrain;
  readonly #logger = new Logger('RightsizeRetraining');
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #at: string | null = null;
  #running: Promise<void> | null = null;

  constructor(file: string, clock: Pick<Clock, 'nowMs'>, retrain: Retrain = inWorker) {
    this.#file = file;
    this.#clock = clock;
    this.#retrain = retrain;
  }

  /** `at`: time of day such as `03:30`; null: never. Goes before what was said earlier. */
  start(at: string | null): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = at;
    if (at === null || this.#file === ':memory:') return;
    const due = nextTime(at, this.#clock.nowMs());
    this.#logger.log(`the policy is trained anew at ${new Date(due).toISOString()}`);
    const wait = (): void => {
      const left = due - this.#clock.nowMs();
      if (left > 0) {
        this.#timer = setTimeout(wait, Math.min(left, LOOK_MS));
        this.#timer.unref();
        return;
      }
      this.#timer = null;
      void this.run().finally(() => {
        // Somebody may have named another time meanwhile.
        if (!this.#stopped.signal.aborted && this.#timer === null) this.start(this.#at);
      });
    };
    wait();
  }

  /** Now; one at a time. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#once().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#stopped.abort();
    await this.#running;
  }

  async #once(): Promise<void> {
    try {
      const { says } = await this.#retrain(this.#file, this.#clock.nowMs(), this.#stopped.signal);
      this.#logger.log(says);
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#logger.error(`retraining failed: ${String(error)}`);
    }
  }
}

/** A thread of its own, with a handle of its own on the log: replaying takes minutes, requests must not wait. */
const inWorker: Retrain = (file, nowMs, signal) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./retrain.worker.js', import.meta.url), { workerData: { file, nowMs } });
    const abort = (): void => void worker.terminate();
    signal.addEventListener('abort', abort, { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(`it ended with code ${code}`));
    });
  });
