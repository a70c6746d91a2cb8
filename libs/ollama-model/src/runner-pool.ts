import { hasGpu, type Hardware } from './hardware.js';
import { kvCacheBytes, type ModelCard } from './models.js';
import { slotsFor, type LoadedRunner, type Runner } from './runner.js';
import type { Timers } from './timers.js';

/** Another model must fit into this share of the memory that is free, or something is put out first. */
const FREE_SHARE = 0.8;

/** The runners that are loaded, who holds them, and when they go. */
export class RunnerPool {
  readonly #hardware: Hardware;
  readonly #timers: Timers;
  /** By model file: one runner serves all names of one file. */
  readonly #loaded = new Map<string, Runner>();
  readonly #onGone: () => void;

  /** `onGone` is called whenever a runner has left. */
  constructor(hardware: Hardware, timers: Timers, onGone: () => void) {
    this.#hardware = hardware;
    this.#timers = timers;
    this.#onGone = onGone;
  }

  get size(): number {
    return this.#loaded.size;
  }

  find(model: ModelCard): Runner | null {
    return this.#loaded.get(model.blob) ?? null;
  }

  add(runner: Runner): void {
    this.#loaded.set(runner.model.blob, runner);
  }

  views(nowNs: number): LoadedRunner[] {
    return Array.from(this.#loaded.values(), (runner) => runner.view(nowNs));
  }

  clear(): void {
    this.#loaded.clear();
  }

  /** A request takes hold; its `keep_alive`, when it has one, sticks to the runner. */
  hold(runner: Runner, keepAliveNs: number | null): void {
    runner.references += 1;
    this.#timers.cancel(runner.expiry);
    runner.expiry = null;
    if (keepAliveNs !== null) runner.sessionNs = keepAliveNs;
  }

  /** A request lets go; the last one starts the clock of `keep_alive`. */
  release(runner: Runner, nowNs: number): void {
    runner.references -= 1;
    if (runner.references > 0) return;
    if (runner.sessionNs <= 0) {
      this.#remove(runner);
      return;
    }
    runner.expiresAtNs = nowNs + runner.sessionNs;
    if (runner.sessionNs === Infinity) return;
    runner.expiry = this.#timers.set(runner.expiresAtNs, () => this.#remove(runner));
  }

  /** Lets a runner go as soon as it is idle. A matching request with a `keep_alive` of its own can still postpone that. */
  expire(runner: Runner): void {
    this.#timers.cancel(runner.expiry);
    runner.expiry = null;
    runner.sessionNs = 0;
    if (runner.references <= 0) this.#remove(runner);
  }

  /** Whether a model can be loaded beside what is there; the only one always can, it spills. */
  fitsBeside(model: ModelCard, numCtx: number, parallel: number): boolean {
    if (this.#loaded.size === 0 || !hasGpu(this.#hardware)) return true;
    const used = Array.from(this.#loaded.values()).reduce((sum, runner) => sum + runner.vramBytes, 0);
    const wanted = model.weightsBytes + kvCacheBytes(model, numCtx * slotsFor(model, parallel));
    return wanted <= (this.#hardware.vramBytes - used) * FREE_SHARE;
  }

  /** Whether main memory has room for what of the runner, and of all others, does not lie on a GPU. */
  holds(runner: Runner): boolean {
    const onHost = [runner, ...this.#loaded.values()].reduce((sum, { bytes, vramBytes }) => sum + bytes - vramBytes, 0);
    return onHost <= this.#hardware.ramBytes;
  }

  /** Who has to make room: an idle one first, the shortest `keep_alive` first; null when nothing is loaded. */
  cheapestToLose(): Runner | null {
    const all = Array.from(this.#loaded.values()).sort((a, b) => {
      if (a.sessionNs !== b.sessionNs) return a.sessionNs < b.sessionNs ? -1 : 1;
      return a.model.blob < b.model.blob ? -1 : 1;
    });
    return all.find((runner) => runner.references === 0) ?? all[0] ?? null;
  }

  #remove(runner: Runner): void {
    this.#timers.cancel(runner.expiry);
    if (this.find(runner.model) !== runner) return;
    this.#loaded.delete(runner.model.blob);
    this.#onGone();
  }
}
