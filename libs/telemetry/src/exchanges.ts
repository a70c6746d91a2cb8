import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';

/** Requests under way that are remembered; the oldest are forgotten when more are, as after a lost completion. */
const CAPACITY = 10_000;

/** A request with what became of it. */
export interface Exchange<Note> {
  readonly optimized: RequestOptimizedV1;
  readonly completed: RequestCompletedV1;
  readonly note: Note;
}

/** Pairs each completion with its decision; keeps a note with the decision until then. */
export class Exchanges<Note = undefined> {
  readonly #underWay = new Map<string, { optimized: RequestOptimizedV1; note: Note }>();
  readonly #noteOf: (optimized: RequestOptimizedV1) => Note;

  constructor(noteOf: (optimized: RequestOptimizedV1) => Note) {
    this.#noteOf = noteOf;
  }

  /** The exchange that this event ends, if it does. */
  take(event: DomainEvent): Exchange<Note> | null {
    if (event.type === 'request.optimized') {
      this.#underWay.set(event.data.requestId, { optimized: event.data, note: this.#noteOf(event.data) });
      const oldest = this.#underWay.keys().next();
      if (this.#underWay.size > CAPACITY && !oldest.done) this.#underWay.delete(oldest.value);
      return null;
    }
    if (event.type !== 'request.completed') return null;
    const begun = this.#underWay.get(event.data.requestId);
    this.#underWay.delete(event.data.requestId);
    return begun ? { ...begun, completed: event.data } : null;
  }

  get underWay(): number {
    return this.#underWay.size;
  }
}
