import { normalizeModelName } from '@rightsize/ollama';

/** More names than this come from somebody who makes them up. */
const MAX_MODELS = 256;

/** Models that were found unable to do something, so that nobody asks them again and again. */
export class MarkedModels {
  readonly #until = new Map<string, number>();
  readonly #keptMs: number;
  readonly #nowMs: () => number;

  /** `keptMs`: for so long, milliseconds; a model can be made anew under its name. */
  constructor(keptMs: number, nowMs: () => number) {
    this.#keptMs = keptMs;
    this.#nowMs = nowMs;
  }

  has(model: string): boolean {
    return (this.#until.get(normalizeModelName(model)) ?? 0) > this.#nowMs();
  }

  add(model: string): void {
    if (this.#until.size >= MAX_MODELS) this.#until.clear();
    this.#until.set(normalizeModelName(model), this.#nowMs() + this.#keptMs);
  }
}

/** Whether a 400 says that a model cannot think. */
export function cannotThink(status: number, body: Buffer): boolean {
  return status === 400 && body.includes('does not support thinking"}');
}
