import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { doLogTask, type LogTask, type LogTaskResult, type TaskStorage } from './log-task.js';
import type { OnDoing } from './what-if-log.js';

export type FromThread =
  | { readonly kind: 'doing'; readonly doing: string; readonly share: number }
  | { readonly kind: 'result'; readonly result: LogTaskResult };

const PROGRAM = new URL('./log-task.worker.js', import.meta.url);

/**
 * Replays the log in threads of their own, with handles of their own on it: requests are decided meanwhile. What is no file
 * (memory, a store of the application's own), and where a bundler has left the thread's program behind, is done on this one.
 */
export class LogTaskThreads {
  readonly #file: string;
  readonly #program: URL;
  readonly #threads = new Set<Worker>();

  constructor(file: string, program: URL = PROGRAM) {
    this.#file = file;
    this.#program = program;
  }

  /** Rejects when it fails, or is stopped. */
  run(storage: TaskStorage, task: LogTask, onDoing: OnDoing): Promise<LogTaskResult> {
    const isApart = this.#file !== ':memory:' && existsSync(fileURLToPath(this.#program));
    return isApart ? this.#inThread(task, onDoing) : doLogTask(storage, task, onDoing);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #inThread(task: LogTask, onDoing: OnDoing): Promise<LogTaskResult> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(this.#program, { workerData: { file: this.#file, task } });
      thread.unref();
      this.#threads.add(thread);
      thread.on('message', (message: FromThread) => {
        if (message.kind === 'result') resolve(message.result);
        else onDoing(message.doing, message.share);
      });
      thread.once('error', reject);
      thread.once('exit', (code) => {
        this.#threads.delete(thread);
        reject(new Error(`it ended with code ${code}`));
      });
    });
  }
}
