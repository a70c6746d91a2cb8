import type { RecordedEvent } from './event.js';
import { skippedPositions } from './parked-events.js';
import { applyPage, type Folding } from './projection-page.js';
import type { Projection, ReadModelStore } from './projection.js';
import type { Upcasters } from './upcasters.js';

/** A projection in memory, and how far it is committed. Whatever fails, it takes up again what was committed last. */
export class ProjectionMemory {
  readonly #readModels: ReadModelStore;
  #folding: Folding;
  #folded = 0;
  #committed = 0;
  /** False when memory may be another state than that of `#folded`. */
  #isLoaded = false;

  constructor(readModels: ReadModelStore, projection: Projection, upcasters: Upcasters) {
    this.#readModels = readModels;
    this.#folding = { projection, types: new Set(projection.types), upcasters, skipped: new Set() };
  }

  /** Memory has folded the events up to here. */
  get position(): number {
    return this.#folded;
  }

  /** False after a failure, until it has loaded again. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Some of it is not committed. */
  get isAhead(): boolean {
    return this.#folded > this.#committed;
  }

  /** The rows that were committed, unless memory is sound. */
  load(): void {
    if (this.#isLoaded) return;
    const { projection } = this.#folding;
    const { name, version } = projection;
    this.#folding = { ...this.#folding, skipped: skippedPositions(this.#readModels.parked, name, version) };
    this.#committed = this.#folded = this.#readModels.checkpoint(name, version);
    projection.load(this.#readModels.rows(name, version));
    this.#isLoaded = true;
    if (this.#committed > 0) projection.committed?.(this.#committed);
  }

  /** The next {@link load} reads the rows. */
  forget(): void {
    this.#folded = this.#committed;
    this.#isLoaded = false;
  }

  /**
   * Folds events until the page is through (true) or `untilMs` on the monotonic clock has passed. Throws a
   * `PoisonEventError` at the event that cannot be folded, and has then forgotten what was not committed.
   */
  fold(page: readonly RecordedEvent[], untilMs: number): boolean {
    const left = page.filter(({ position }) => position > this.#folded);
    const done = this.#orForget(() => applyPage(this.#folding, left, untilMs));
    this.#folded = left[done - 1]?.position ?? this.#folded;
    return done === left.length;
  }

  /** Rows and checkpoint together. When it throws, nothing is committed, and memory has forgotten it. */
  commit(): void {
    if (!this.isAhead) return;
    const { projection } = this.#folding;
    const { name, version } = projection;
    this.#orForget(() =>
      this.#readModels.commit(name, version, this.#committed, this.#folded, (writer) => projection.flush(writer)),
    );
    this.#committed = this.#folded;
    projection.committed?.(this.#committed);
  }

  #orForget<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}
