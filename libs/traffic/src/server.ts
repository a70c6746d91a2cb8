import { parseRefusal } from '@rightsize/ollama';
import { request } from 'undici';
import type { Step } from './step.js';

/** Smaller than most prompts, and a load of it is quick. Tokens. */
const SMALL_WINDOW = 1024;

/** What a comparison asks of the model server besides inference. */
export class Server {
  readonly #url: string;
  readonly #model: string;

  constructor(url: string, model: string) {
    this.#url = url;
    this.#model = model;
  }

  /** The loaded window of the model, tokens; null when it is not loaded. */
  async window(): Promise<number | null> {
    const { body } = await request(`${this.#url}/api/ps`);
    const { models } = (await body.json()) as { models?: { name: string; context_length?: number }[] };
    const found = models?.find(({ name }) => name === this.#model || name === `${this.#model}:latest`);
    return found?.context_length ?? null;
  }

  /** Unloads the model and waits until it is gone. */
  async unload(): Promise<void> {
    await this.#post('/api/generate', { model: this.#model, keep_alive: 0, stream: false });
    while ((await this.window()) !== null) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The window the server gives when nobody asks for one, tokens. Leaves the model unloaded. Throws when it cannot be loaded. */
  async defaultWindow(): Promise<number> {
    await this.unload();
    const { status, json } = await this.#post('/api/generate', { model: this.#model, stream: false });
    if (status !== 200) throw new Error(`${this.#url} cannot load ${this.#model}: ${JSON.stringify(json)}`);
    const window = await this.window();
    await this.unload();
    if (window === null) throw new Error(`${this.#url}/api/ps does not show the window of ${this.#model}`);
    return window;
  }

  /**
   * Prompt tokens of each request when nothing is cut from it; those that the server does not count are
   * missing. A server that refuses what does not fit counts without computing, so it is asked in a window
   * that is too small for most; one that cuts, in a window that surely holds everything.
   */
  async countPrompts(steps: readonly Step[], onCount: (done: number) => void): Promise<ReadonlyMap<Step, number>> {
    const longest = steps.toSorted((a, b) => bytesOf(b) - bytesOf(a))[0];
    if (longest === undefined) return new Map();
    const refuses = (await this.#countPrompt(longest, SMALL_WINDOW)).refused;
    // A token has two bytes at the very least in what these clients send.
    const large = Math.ceil(bytesOf(longest) / 2 / 256) * 256 + 1024;
    const window = refuses ? SMALL_WINDOW : Math.min(large, (await this.trainedContext()) ?? Infinity);
    const counts = new Map<Step, number>();
    for (const [done, step] of steps.entries()) {
      const { tokens } = await this.#countPrompt(step, window);
      if (tokens !== null) counts.set(step, tokens);
      onCount(done + 1);
    }
    return counts;
  }

  async #countPrompt({ path, body }: Step, window: number): Promise<{ tokens: number | null; refused: boolean }> {
    const options = { ...body.options, num_ctx: window, num_predict: 1 };
    const { status, json } = await this.#post(path, { ...body, options, truncate: false, stream: false });
    if (status !== 200) {
      const tokens = parseRefusal(Buffer.from(JSON.stringify(json)))?.promptTokens ?? null;
      return { tokens, refused: tokens !== null };
    }
    const count = (json as { prompt_eval_count?: unknown }).prompt_eval_count;
    return { tokens: typeof count === 'number' ? count : null, refused: false };
  }

  /** The trained context, tokens; null when the server does not say. */
  async trainedContext(): Promise<number | null> {
    const { json } = await this.#post('/api/show', { model: this.#model });
    const info = (json as { model_info?: Record<string, unknown> }).model_info ?? {};
    const value = info[`${String(info['general.architecture'])}.context_length`];
    return typeof value === 'number' ? value : null;
  }

  async #post(path: string, body: unknown): Promise<{ status: number; json: unknown }> {
    const response = await request(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { status: response.statusCode, json: await response.body.json() };
  }
}

function bytesOf({ body }: Step): number {
  return Buffer.byteLength(JSON.stringify(body));
}
