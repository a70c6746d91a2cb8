import { normalizeModelName, parsePs, parseShow } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';
import { Pool } from 'undici';
import type { Backend, LoadedModel } from './backend.js';

/** A look that takes longer than this tells nothing about now. */
const TIMEOUT_MS = 5_000;

/** {@link Backend} over Ollama's HTTP API, on connections of its own: a busy server must not delay looks. */
export class OllamaBackend implements Backend {
  readonly #pool: Pool;

  constructor(upstream: string) {
    this.#pool = new Pool(upstream, { connections: 2, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  }

  /** Older servers do not show windows: there, only our own decisions are known. */
  async loaded(): Promise<readonly LoadedModel[]> {
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path: '/api/ps' });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`status ${statusCode}`);
    }
    return parsePs(await body.json()).flatMap(({ name, contextLength, ...rest }) =>
      contextLength === null ? [] : [{ model: normalizeModelName(name), window: contextLength, ...rest }],
    );
  }

  async facts(model: string): Promise<ModelFacts | null> {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: '/api/show',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model }),
    });
    if (statusCode === 404) {
      await body.dump();
      return null;
    }
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`status ${statusCode}`);
    }
    return parseShow(model, await body.json());
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
