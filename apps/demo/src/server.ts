import { request } from 'undici';

/** What the demo asks of the model server besides inference. */
export class Server {
  readonly #url: string;
  readonly #model: string;

  constructor(url: string, model: string) {
    this.#url = url;
    this.#model = model;
  }

  /** The loaded window of the demo's model, tokens; null when it is not loaded. */
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

  /** Prompt tokens of a request that nothing was cut from: counted in a window that surely holds it. */
  async countPrompt(path: string, body: Readonly<Record<string, unknown>>, window: number): Promise<number | null> {
    const options = { ...(body['options'] as object), num_ctx: window, num_predict: 1 };
    const { json } = await this.#post(path, { ...body, options, truncate: false, stream: false });
    const count = (json as { prompt_eval_count?: unknown }).prompt_eval_count;
    return typeof count === 'number' ? count : null;
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
