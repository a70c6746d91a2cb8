import { parentPort, workerData } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { sentError, type AppendThreadOptions, type CommitOrder, type CommitReport } from './append-thread.js';
import { AppendTransaction } from './append-transaction.js';
import { openWriter } from './handles.js';

let writing: { readonly writer: Database.Database; readonly transaction: AppendTransaction } | null = null;

function run({ appends, nowMs }: CommitOrder): CommitReport {
  try {
    writing ??= open();
    const outcomes = writing.transaction.run(appends, nowMs);
    return {
      outcomes: outcomes.map((outcome) =>
        outcome.kind === 'failed' ? { kind: 'failed', error: sentError(outcome.error) } : outcome,
      ),
    };
  } catch (error) {
    return { error: sentError(error) };
  }
}

function open(): NonNullable<typeof writing> {
  const writer = openWriter(workerData as AppendThreadOptions);
  return { writer, transaction: new AppendTransaction(writer) };
}

try {
  writing = open();
} catch {
  // Tried again with the first group: what is wrong with the file is told as any failed write is.
}
parentPort!.postMessage('ready' satisfies CommitReport);
parentPort!.on('message', (order: CommitOrder | null) => {
  if (order !== null) return parentPort!.postMessage(run(order));
  writing?.writer.close();
  parentPort!.close();
});
