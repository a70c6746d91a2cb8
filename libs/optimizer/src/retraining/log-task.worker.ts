import { parentPort, workerData } from 'node:worker_threads';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { doLogTask, type LogTask } from './log-task.js';
import type { FromThread } from './log-task-threads.js';

const { file, task } = workerData as { readonly file: string; readonly task: LogTask };
const tell = (message: FromThread): void => parentPort?.postMessage(message);
const storage = await openEventStorage({ file });
try {
  const result = await doLogTask(storage, task, (doing, share) => tell({ kind: 'doing', doing, share }));
  tell({ kind: 'result', result });
} finally {
  await storage.close();
}
