import type { AnswerDelivery } from './answer-delivery.js';

/** Refusals are a few hundred bytes; whatever is larger than this, bytes, is none, and is not held. */
const MAX_HELD_BYTES = 65_536;

/** An answer that the client must not see yet: it may be replaced by a better one. */
export class HeldAnswer {
  readonly status: number;
  readonly #statusMessage: string | undefined;
  readonly #headers: string[];
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(status: number, statusMessage: string | undefined, headers: string[]) {
    this.status = status;
    this.#statusMessage = statusMessage;
    this.#headers = headers;
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** False when it has become too large to be held: it must be released. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    return this.#bytes <= MAX_HELD_BYTES;
  }

  /** Gives the client what was held. */
  release(delivery: AnswerDelivery): void {
    delivery.begin(this.status, this.#statusMessage, this.#headers);
    for (const chunk of this.#chunks) delivery.write(chunk);
  }
}
