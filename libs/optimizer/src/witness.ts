import type { DomainEvent } from '@rightsize/optimizer-core';

/**
 * Port: is told what happens, for metrics, traces and logs. Cheap: it is called on the thread that serves, and what it
 * throws is dropped.
 */
export interface Witness {
  /** Behind the request, some 25 ms later, in order and before it is durable. */
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
