import type { EventStoreError } from '@rightsize/event-store';

/** How the last write went, whoever wrote. */
export class WriteHealth {
  #lastError: EventStoreError | null = null;

  get lastError(): EventStoreError | null {
    return this.#lastError;
  }

  failed(error: EventStoreError): void {
    this.#lastError = error;
  }

  succeeded(): void {
    this.#lastError = null;
  }
}
