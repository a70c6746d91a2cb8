import { normalizeModelName } from '@rightsize/ollama';

/** A model can be made anew under its name, milliseconds. */
const KEPT_MS = 5 * 60_000;
/** More names than this come from somebody who makes them up. */
const MAX_MODELS = 256;

/** Models that were found unable to think, so that nobody asks them again and again. */
export class ThoughtlessModels {
  readonly #until = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  has(model: string): boolean {
    return (this.#until.get(normalizeModelName(model)) ?? 0) > this.#nowMs();
  }

  add(model: string): void {
    if (this.#until.size >= MAX_MODELS) this.#until.clear();
    this.#until.set(normalizeModelName(model), this.#nowMs() + KEPT_MS);
  }
}

/** Whether a 400 says that a model cannot think. */
export function cannotThink(status: number, body: Buffer): boolean {
  return status === 400 && body.includes('does not support thinking"}');
}
