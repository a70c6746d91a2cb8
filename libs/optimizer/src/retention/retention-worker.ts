import { parentPort, workerData } from 'node:worker_threads';
import { openEventStorage, retain } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS } from '../event-upcasters.js';
import { ReadModels } from '../projections/read-models.js';
import { KEPT_FOR_GOOD } from './kept-for-good.js';

/** What the thread is given. */
export interface RetentionTask {
  readonly file: string;
  /** Milliseconds for which events are kept; null: age does not matter. */
  readonly keepMs: number | null;
  readonly maxBytes: number | null;
}

// A thread of its own, with handles of its own: folding a day's events takes seconds of a processor.
const { file, keepMs, maxBytes } = workerData as RetentionTask;
let stopped = false;
parentPort!.once('message', () => {
  stopped = true;
});
const storage = await openEventStorage({ file });
try {
  const nowMs = Date.now();
  await retain(storage, new ReadModels().all, {
    cutoffMs: keepMs === null ? null : nowMs - keepMs,
    maxBytes,
    keepTypes: KEPT_FOR_GOOD,
    upcasters: EVENT_UPCASTERS,
    nowMs,
    stop: () => stopped,
  });
} finally {
  await storage.close();
  parentPort!.close();
}
