import type Database from 'better-sqlite3';
import { AppendTransaction, type AppendOutcome, type EncodedAppend } from './append-transaction.js';

/** Makes groups of appends durable, one at a time. */
export interface AppendCommitter {
  /** One outcome for each append. Rejects, with nothing written, for what concerns the whole file. */
  commit(appends: readonly EncodedAppend[], nowMs: number): Promise<readonly AppendOutcome[]>;
  close(): Promise<void>;
}

/** On the caller's thread, through the handle that writes rows too. */
export function committingHere(writer: Database.Database): AppendCommitter {
  const transaction = new AppendTransaction(writer);
  return {
    commit: async (appends, nowMs) => transaction.run(appends, nowMs),
    close: async () => undefined,
  };
}
