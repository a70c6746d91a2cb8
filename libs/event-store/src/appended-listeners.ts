/**
 * Who wants to hear that something was appended. A listener's failure is its own: the append is
 * durable already, and telling its caller otherwise would be a lie.
 */
export class AppendedListeners {
  readonly #listeners = new Set<() => void>();

  /** Returns the way to stop listening. The same function may listen twice. */
  add(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  notify(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch {
        // The next hint, or the reader's own poll, makes up for it.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
