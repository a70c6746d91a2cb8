import type { AnswerTap, TapEnding } from '@rightsize/ollama';
import type { Ticket } from './runner-tracker.js';
import type { ExchangeEnd, ExchangeObserver } from './rightsize-service.contract.js';

/** For requests that were none of ours to decide. */
export const NO_OBSERVER: ExchangeObserver = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** What was seen of an answer when it ended. */
export interface Outcome {
  readonly end: ExchangeEnd;
  /** HTTP status; 0 when none was received. */
  readonly status: number;
  readonly ending: TapEnding;
}

/** Reads the end of an answer as it streams by. A failure in here is reported once and then costs nothing. */
export class AnswerObserver implements ExchangeObserver {
  readonly #ticket: Ticket | null;
  readonly #done: (outcome: Outcome) => void;
  readonly #failed: (error: unknown) => void;
  readonly #tap: AnswerTap;
  #status = 0;
  #broken = false;
  #over = false;

  constructor(
    ticket: Ticket | null,
    tap: AnswerTap,
    done: (outcome: Outcome) => void,
    failed: (error: unknown) => void,
  ) {
    this.#ticket = ticket;
    this.#tap = tap;
    this.#done = done;
    this.#failed = failed;
  }

  head(status: number, _contentType: string | null): void {
    this.#status = status;
    if (status === 200) this.#ticket?.answered();
  }

  chunk(bytes: Buffer): void {
    this.#guard(() => this.#tap.push(bytes));
  }

  end(how: ExchangeEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#ticket?.ended();
    this.#guard(() =>
      this.#done({ end: how, status: this.#status, ending: this.#broken ? { kind: 'none' } : this.#tap.ending }),
    );
  }

  #guard(work: () => void): void {
    if (this.#broken && !this.#over) return;
    try {
      work();
    } catch (error) {
      this.#broken = true;
      this.#failed(error);
    }
  }
}
