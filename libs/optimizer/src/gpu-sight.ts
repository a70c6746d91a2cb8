import type { LoadedModel } from './backend.js';

/** What was seen wholly on the GPU, and what was seen not to be, in tokens of window, by model. */
export class GpuSight {
  readonly #seen = new Map<string, { largestWhole: number; smallestSpilled: number }>();

  note({ model, window, sizeBytes, sizeVramBytes }: LoadedModel): void {
    if (window === null || !sizeBytes || !sizeVramBytes) return;
    const on = this.#seen.get(model) ?? { largestWhole: 0, smallestSpilled: Infinity };
    if (sizeVramBytes >= sizeBytes) on.largestWhole = Math.max(on.largestWhole, window);
    else on.smallestSpilled = Math.min(on.smallestSpilled, window);
    this.#seen.set(model, on);
  }

  /** The largest window seen wholly on the GPU, once a larger one was seen spilling; null: no limit seen. Tokens. */
  memoryWindow(model: string): number | null {
    const on = this.#seen.get(model);
    return on && on.largestWhole > 0 && on.smallestSpilled > on.largestWhole && on.smallestSpilled < Infinity
      ? on.largestWhole
      : null;
  }
}
