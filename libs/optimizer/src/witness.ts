import type { DomainEvent } from '@rightsize/optimizer-core';

/**
 * Port: is told what happens, as it happens and before it is durable, for metrics, traces and logs.
 * Called on the way of requests: cheap, and what it throws is dropped.
 */
export interface Witness {
  recorded?(event: DomainEvent): void;
  /** A request was decided, or left alone, within so many seconds. */
  decided?(seconds: number): void;
  /** A request went upstream undecided, because deciding failed. */
  failedOpen?(): void;
}

export class Witnesses {
  readonly #all: Witness[] = [];

  add(witness: Witness): void {
    this.#all.push(witness);
  }

  tell(what: (witness: Witness) => void): void {
    for (const witness of this.#all) {
      try {
        what(witness);
      } catch {
        // A metric that fails costs no request.
      }
    }
  }
}
