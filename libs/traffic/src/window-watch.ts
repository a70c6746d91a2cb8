import type { Server } from './server.js';

/** What `/api/ps` showed over a run. */
export interface Watched {
  /** Times the model appeared, or appeared with another window. */
  readonly loads: number;
  /** Mean over the time it was loaded, tokens. */
  readonly meanWindow: number;
}

/** Watches `/api/ps` while a run goes on. A load takes seconds and hides the model meanwhile, so looks a few a second see each. */
export class WindowWatch {
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | null = null;
  #last: number | null = null;
  #loads = 0;
  #samples = 0;
  #sum = 0;

  constructor(server: Server, everyMs: number) {
    this.#server = server;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, everyMs);
  }

  async stop(): Promise<Watched> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#look();
    return { loads: this.#loads, meanWindow: this.#samples === 0 ? 0 : this.#sum / this.#samples };
  }

  async #look(): Promise<void> {
    const window = await this.#server.window();
    if (window !== null && window !== this.#last) this.#loads += 1;
    if (window !== null) {
      this.#samples += 1;
      this.#sum += window;
    }
    this.#last = window;
  }
}
