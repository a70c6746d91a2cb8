import type { PromptSketch } from './prompt-sketch.js';

/** Segment to the clusters that have it: the most recent `width` of each. */
export class SegmentIndex {
  readonly #width: number;
  readonly #lists = new Map<number, number[]>();
  readonly #shared = new Map<number, number>();

  constructor(width: number) {
    this.#width = width;
  }

  get size(): number {
    return this.#lists.size;
  }

  /** Clusters to the weight of the segments that they share with the prompt; good until the next call. */
  shared({ segments, weights }: PromptSketch): ReadonlyMap<number, number> {
    const shared = this.#shared;
    shared.clear();
    for (let i = 0; i < segments.length; i++) {
      const list = this.#lists.get(segments[i]!);
      if (list === undefined) continue;
      for (const handle of list) shared.set(handle, (shared.get(handle) ?? 0) + weights[i]!);
    }
    return shared;
  }

  add(key: number, handle: number): void {
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [handle]);
      return;
    }
    if (list.includes(handle)) return;
    if (list.length === this.#width) list.shift();
    list.push(handle);
  }

  remove(key: number, handle: number): void {
    const list = this.#lists.get(key);
    const at = list === undefined ? -1 : list.indexOf(handle);
    if (list === undefined || at < 0) return;
    if (list.length === 1) this.#lists.delete(key);
    else list.splice(at, 1);
  }
}
