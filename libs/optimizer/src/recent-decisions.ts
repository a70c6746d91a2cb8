import type { Decision } from '@rightsize/optimizer-core';
import type { DecisionSummary } from './rightsize-service.contract.js';

/** The last decisions, metadata only, in memory. */
export class RecentDecisions {
  readonly #capacity: number;
  readonly #byId = new Map<string, DecisionSummary>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(summary: DecisionSummary): void {
    this.#byId.set(summary.id, summary);
    const oldest = this.#byId.keys().next();
    if (this.#byId.size > this.#capacity && !oldest.done) this.#byId.delete(oldest.value);
  }

  /** The server refused the first attempt. */
  redecide(id: string, { rule, numCtx, inputs }: Decision): void {
    const summary = this.#byId.get(id);
    const { need, loadedWindow } = inputs;
    if (summary) this.#byId.set(id, { ...summary, rule, numCtx, need, loadedWindow });
  }

  complete(id: string, outcome: DecisionSummary['outcome']): void {
    const summary = this.#byId.get(id);
    if (summary) this.#byId.set(id, { ...summary, outcome });
  }

  /** Most recent first. */
  latest(limit: number): readonly DecisionSummary[] {
    return [...this.#byId.values()].slice(-limit).toReversed();
  }
}
