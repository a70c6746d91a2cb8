import type { ModelFacts } from '@rightsize/optimizer-core';
import type { Backend } from './backend.js';
import type { Clock } from './clock.js';

/** A model can be re-created under its name: facts are read again after this long. */
const FRESH_MS = 300_000;

/** An unknown model may have been pulled meanwhile; asking for each request would double the traffic. */
const RETRY_MS = 5_000;

/** Names come from clients: bounded, so that made-up names cannot fill the memory. */
const CAPACITY = 1_000;

interface Entry {
  facts: ModelFacts | null;
  /** The server was asked and does not know it. */
  missing: boolean;
  readAtMs: number;
  reading: Promise<void> | null;
}

/** What `/api/show` says of each model, read at first sight and again now and then in the background. */
export class ModelCatalogue {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(backend: Backend, clock: Clock) {
    this.#backend = backend;
    this.#clock = clock;
  }

  /** Memory only; null while unknown. */
  facts(model: string): ModelFacts | null {
    return this.#entries.get(model)?.facts ?? null;
  }

  /** The server does not have the model: it will answer 404, and there is nothing to decide. */
  missing(model: string): boolean {
    return this.#entries.get(model)?.missing ?? false;
  }

  /** Null when what is known will do; else a promise that never rejects. Old facts are renewed in the background. */
  ensure(model: string): Promise<void> | null {
    const entry = this.#entries.get(model) ?? this.#add(model);
    const age = this.#clock.nowMs() - entry.readAtMs;
    if (age >= (entry.facts ? FRESH_MS : RETRY_MS)) {
      entry.reading ??= this.#read(model, entry).finally(() => {
        entry.reading = null;
      });
    }
    return entry.facts ? null : entry.reading;
  }

  /** Models may have been created, copied or deleted. */
  forget(): void {
    for (const entry of this.#entries.values()) entry.readAtMs = Number.NEGATIVE_INFINITY;
  }

  #add(model: string): Entry {
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= CAPACITY && !oldest.done) this.#entries.delete(oldest.value);
    const entry: Entry = { facts: null, missing: false, readAtMs: Number.NEGATIVE_INFINITY, reading: null };
    this.#entries.set(model, entry);
    return entry;
  }

  async #read(model: string, entry: Entry): Promise<void> {
    try {
      entry.facts = await this.#backend.facts(model);
      entry.missing = entry.facts === null;
    } catch {
      // The tracker reports an unreachable server; without facts a decision is still possible.
    }
    entry.readAtMs = this.#clock.nowMs();
  }
}
