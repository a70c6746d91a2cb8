import type { RecordedEvent } from './event.js';
import type { EventStore } from './event-store.js';

export interface Page {
  readonly events: readonly RecordedEvent[];
  /** Position of the log's last event, or of one at least as far as the page's. */
  readonly head: number;
  /** The log had no more. */
  readonly isLast: boolean;
}

/**
 * The log as one wake of the runner sees it: projections that stand at the same checkpoint share one
 * read. A wake after an append gets pages of its own, so that no page is older than the wake that reads it.
 */
export class SharedPages {
  readonly #events: EventStore;
  #latest: { readonly after: number; readonly limit: number; readonly page: Promise<Page> } | null = null;

  constructor(events: EventStore) {
    this.#events = events;
  }

  read(after: number, limit: number): Promise<Page> {
    if (this.#latest?.after !== after || this.#latest.limit !== limit) {
      this.#latest = { after, limit, page: this.#read(after, limit) };
    }
    return this.#latest.page;
  }

  async #read(after: number, limit: number): Promise<Page> {
    const events = await this.#events.readAll({ after, limit });
    const last = events.at(-1)?.position ?? after;
    if (events.length < limit) return { events, head: last, isLast: true };
    return { events, head: Math.max(last, await this.#events.head()), isLast: false };
  }
}
