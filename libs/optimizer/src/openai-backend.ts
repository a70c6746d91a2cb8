import { parseModelList, parsePropsWindow, type ListedModel } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';
import type { AskedServer } from './asked-server.js';
import { factsOfFixed } from './facts-of-fixed.js';
import type { Backend, LoadedModel, ServerTraits } from './backend.js';

/** A window changes when somebody starts the server anew: requests that want to know do not each ask. */
const FRESH_MS = 1_000;

const PATH = '/v1/models';

interface Seen {
  readonly models: readonly ListedModel[];
  readonly atMs: number;
}

/**
 * {@link Backend} over llama.cpp's `llama-server`, or any other server in OpenAI's dialect that was started with a
 * window for all requests. Nothing can be changed there: it is looked at.
 */
export class OpenAiBackend implements Backend {
  /** No request of ours tells it not to cut. */
  readonly refusesLongPrompts = false;
  readonly #server: AskedServer;
  /** Tokens, where the server does not tell. */
  readonly #configured: number | null;
  readonly #nowMs: () => number;
  #name = 'OpenAI-compatible server';
  #seen: Seen | null = null;
  #asking: Promise<Seen> | null = null;

  constructor(server: AskedServer, configuredWindow: number | null, nowMs: () => number = () => performance.now()) {
    this.#server = server;
    this.#configured = configuredWindow;
    this.#nowMs = nowMs;
  }

  get server(): ServerTraits {
    return { name: this.#name, windows: 'fixed', dialect: 'openai', statusPath: PATH };
  }

  identify(): Promise<void> | null {
    return this.#seen ? null : this.#look().then(ignore, ignore);
  }

  /** A server of one model answers with it whatever a request calls it. */
  canonicalName(model: string): string {
    const models = this.#seen?.models ?? [];
    const named = models.find(({ id, aliases }) => id === model || aliases.includes(model));
    return (named ?? (models.length === 1 ? models[0] : undefined))?.id ?? model;
  }

  async loaded(): Promise<readonly LoadedModel[]> {
    const { models } = await this.#look();
    return models.map(({ id, window }) => ({
      model: id,
      window,
      sizeBytes: null,
      sizeVramBytes: null,
      expiresInMs: null,
    }));
  }

  async facts(model: string): Promise<ModelFacts | null> {
    const { models } = await this.#look();
    const listed = models.find(({ id }) => id === model);
    // It is loading, and knows no model yet.
    return !listed && models.length > 0 ? null : factsOfFixed(model, listed);
  }

  noticeRefusing(): void {}

  close(): Promise<void> {
    return this.#server.close();
  }

  #look(): Promise<Seen> {
    if (this.#seen && this.#nowMs() - this.#seen.atMs < FRESH_MS) return Promise.resolve(this.#seen);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<Seen> {
    const atMs = this.#nowMs();
    const { status, json, product } = await this.#server.ask('GET', PATH);
    if (product === 'llama.cpp') this.#name = 'llama-server';
    // llama-server says 503 while it loads.
    if (status === 503) return { models: [], atMs };
    const listed = parseModelList(json);
    if (listed === null) throw new Error(status === 200 ? 'no list of models' : `status ${status}`);
    const models = await Promise.all(listed.map((model) => this.#withWindow(model, listed.length)));
    this.#seen = { models, atMs };
    return this.#seen;
  }

  /** What the server says of itself goes before what was configured. */
  async #withWindow(model: ListedModel, count: number): Promise<ListedModel> {
    if (model.window !== null) return model;
    const told = count === 1 ? parsePropsWindow((await this.#server.ask('GET', '/props')).json) : null;
    return { ...model, window: told ?? this.#configured };
  }
}

function ignore(): void {}
