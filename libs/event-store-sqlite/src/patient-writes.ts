import type Database from 'better-sqlite3';
import { asEventStoreError, toEventStoreError } from './sqlite-failure.js';

/** Milliseconds between tries while another process writes. */
const RETRY_MS = 5;

/**
 * Transactions of maintenance work beside a gateway that appends: short, and patient when the lock is
 * taken, with the event loop running between the tries.
 */
export class PatientWrites {
  readonly #writer: Database.Database;
  readonly #file: string;
  readonly #lockedAfterMs: number;

  constructor(writer: Database.Database, file: string, lockedAfterMs: number) {
    this.#writer = writer;
    this.#file = file;
    this.#lockedAfterMs = lockedAfterMs;
  }

  /** Runs `work` in a transaction that takes the write lock first. Rejects as `locked` after a while. */
  async run<T>(work: () => T): Promise<T> {
    const transaction = this.#writer.transaction(work);
    const began = performance.now();
    for (;;) {
      try {
        return transaction.immediate();
      } catch (error) {
        const locked = toEventStoreError(error, this.#file)?.code === 'locked';
        if (!locked || performance.now() - began > this.#lockedAfterMs) throw asEventStoreError(error, this.#file);
      }
      await pause(RETRY_MS);
    }
  }
}

/** Lets everybody else have a turn, in this process and in others. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
