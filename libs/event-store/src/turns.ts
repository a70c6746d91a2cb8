/**
 * Hands out turns of the event loop, each of its own: what several parties do in theirs never adds up
 * to one long stop, and sockets are served in between.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
