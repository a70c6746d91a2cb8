/** What names beyond the bound are called. */
export const OTHER = 'other';

/**
 * Names come from clients, and each becomes a time series: the first so many are told apart, the rest
 * are one. Never forgets: a series that changed its meaning would be worse than one that is missing.
 */
export class BoundedNames {
  readonly #most: number;
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#most) return OTHER;
    this.#names.add(name);
    return name;
  }
}
