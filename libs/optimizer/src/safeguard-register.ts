import type { EventStore, ReadModelStore } from '@rightsize/event-store';
import type { SafeguardLiftedV1 } from '@rightsize/optimizer-core';
import { newId } from './new-id.js';
import { bringUpToDate } from './projections/bring-up-to-date.js';
import { ReadModels } from './projections/read-models.js';
import type { Tripped } from './safeguards.js';

/** Safeguards as the log has them, for whoever lifts one beside a running gateway: which takes it up from the log. */
export class SafeguardRegister {
  readonly #store: EventStore;
  readonly #rows: ReadModels['safeguards'];

  private constructor(store: EventStore, rows: ReadModels['safeguards']) {
    this.#store = store;
    this.#rows = rows;
  }

  static async open(store: EventStore, readModels: ReadModelStore): Promise<SafeguardRegister> {
    const { safeguards } = new ReadModels();
    await bringUpToDate(safeguards, store, readModels);
    return new SafeguardRegister(store, safeguards);
  }

  /** Those that were not lifted; a gateway lifts them when a model is asked for after the cool-down. */
  get tripped(): readonly Tripped[] {
    return [...this.#rows.values()].flatMap(({ tripped }) => (tripped === null ? [] : [tripped]));
  }

  /** Null: it had not tripped. */
  async lift(model: string, atMs: number, dryRun = false): Promise<SafeguardLiftedV1 | null> {
    const tripped = this.#rows.get(model)?.tripped ?? null;
    if (tripped === null) return null;
    const data: SafeguardLiftedV1 = { model, reason: 'by-hand', trippedAtMs: tripped.atMs, atMs };
    const event = { id: newId(), type: 'safeguard.lifted', data, schemaVersion: 1, metadata: {} };
    if (!dryRun) await this.#store.append(`safeguard-${model}`, [event]);
    return data;
  }
}
