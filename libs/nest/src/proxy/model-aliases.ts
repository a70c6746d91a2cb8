import { Logger } from '@nestjs/common';
import { normalizeModelName } from '@rightsize/ollama';
import type { Dispatcher } from 'undici';
import { MarkedModels } from './marked-models.js';

/** Names of ours at the upstream begin so; whatever else is there is not ours to delete. */
const NAMESPACE = 'rightsize-alias/';
/** After the upstream would not make one, how long it is not asked again for that model, milliseconds. */
const PAUSE_MS = 60_000;
const SMALLEST_WINDOW = 4096;

/** A name of a model, and the window that it has under it, tokens. */
export interface ModelAlias {
  readonly name: string;
  readonly window: number;
}

interface Making {
  readonly window: number;
  readonly made: Promise<ModelAlias>;
}

/**
 * Names for models with a window baked in, for routes that cannot carry one. A model has one at a time,
 * with a window that only grows, by doubling: each change reloads the model. They are made when first
 * asked for; all are deleted when the gateway stops, those of an earlier run when it makes its first.
 */
export class ModelAliases {
  readonly #logger = new Logger('Aliases');
  readonly #upstream: Pick<Dispatcher, 'request'>;
  readonly #origin: string;
  readonly #failed: MarkedModels;
  readonly #aliases = new Map<string, Making>();
  readonly #names = new Set<string>();
  #swept: Promise<void> | null = null;

  constructor(upstream: Pick<Dispatcher, 'request'>, origin: string, nowMs: () => number) {
    this.#upstream = upstream;
    this.#origin = origin;
    this.#failed = new MarkedModels(PAUSE_MS, nowMs);
  }

  /** The name under which a model has at least this window, tokens; null when there can be none now. */
  async of(name: string, window: number): Promise<ModelAlias | null> {
    if (this.#failed.has(name)) return null;
    const model = normalizeModelName(name);
    let alias = this.#aliases.get(model);
    if (alias === undefined || alias.window < window) {
      const wide = Math.max(SMALLEST_WINDOW, 2 ** Math.ceil(Math.log2(window)));
      alias = { window: wide, made: this.#make(model, wide) };
      this.#aliases.set(model, alias);
    }
    try {
      return await alias.made;
    } catch (error) {
      this.#logger.warn(`no alias for a window of ${window}: ${String(error)}`);
      this.#aliases.delete(model);
      this.#failed.add(model);
      return null;
    }
  }

  /** Models may have been made anew under their names: so must be what was made of them. */
  forget(): void {
    this.#aliases.clear();
  }

  /** Deletes what was made. Never rejects. */
  async close(): Promise<void> {
    this.#aliases.clear();
    await this.#delete([...this.#names]);
  }

  async #make(model: string, window: number): Promise<ModelAlias> {
    await (this.#swept ??= this.#sweep());
    const at = model.lastIndexOf(':');
    const base = model.slice(0, at).replace(/[^a-z0-9._-]/g, '--');
    const alias = `${NAMESPACE}${base}:${model.slice(at + 1)}-ctx${window}`;
    const body = { model: alias, from: model, parameters: { num_ctx: window }, stream: false };
    await this.#ask('POST', '/api/create', body);
    this.#names.add(alias);
    return { name: alias, window };
  }

  /** Deletes what an earlier run left behind when it was killed. */
  async #sweep(): Promise<void> {
    const { models } = (await this.#ask('GET', '/api/tags')) as { models?: { name?: unknown }[] };
    const names = (models ?? []).map(({ name }) => String(name));
    await this.#delete(names.filter((name) => name.startsWith(NAMESPACE)));
  }

  async #delete(names: readonly string[]): Promise<void> {
    for (const model of names) {
      await this.#ask('DELETE', '/api/delete', { model }).catch((error: unknown) =>
        this.#logger.warn(`an alias could not be deleted: ${String(error)}`),
      );
      this.#names.delete(model);
    }
  }

  async #ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const { statusCode, body: answer } = await this.#upstream.request({
      origin: this.#origin,
      path,
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    return text === '' ? {} : JSON.parse(text);
  }
}
