import { isAtLeast, normalizeModelName, parsePs, parseShow, parseTags, parseVersion } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';
import { Pool } from 'undici';
import type { Backend, LoadedModel } from './backend.js';

/** A look that takes longer than this tells nothing about now. */
const TIMEOUT_MS = 5_000;

/** Servers before it cut whatever they are told (ollama.md section 3D). */
const REFUSES_SINCE = [0, 12, 6] as const;

interface Answered {
  readonly status: number;
  /** Null unless the status is 200. */
  readonly json: unknown;
  /** The time on the server's own clock, to the second; ours when it does not say. */
  readonly dateMs: number;
}

/** {@link Backend} over Ollama's HTTP API, on connections of its own: a busy server must not delay looks. */
export class OllamaBackend implements Backend {
  readonly #pool: Pool;
  /** By version, and as seen. */
  #refuses: boolean | null = null;
  #version = '';
  #isVersionKnown = false;

  constructor(upstream: string) {
    this.#pool = new Pool(upstream, { connections: 2, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  }

  get refusesLongPrompts(): boolean {
    return this.#refuses ?? false;
  }

  noticeRefusing(refuses: boolean): void {
    this.#refuses = refuses;
  }

  /** Older servers do not show windows: there, only our own decisions are known. */
  async loaded(): Promise<readonly LoadedModel[]> {
    // Asked again while unknown, and after a look that failed: the server may have been replaced.
    if (!this.#isVersionKnown) await this.#askVersion();
    try {
      const { status, json, dateMs } = await this.#ask('GET', '/api/ps');
      if (status !== 200) throw new Error(`status ${status}`);
      return parsePs(json).map(({ name, contextLength, sizeBytes, sizeVramBytes, expiresAtMs }) => ({
        model: normalizeModelName(name),
        window: contextLength,
        sizeBytes,
        sizeVramBytes,
        expiresInMs: expiresAtMs === null ? null : expiresAtMs - dateMs,
      }));
    } catch (error) {
      this.#isVersionKnown = false;
      throw error;
    }
  }

  async facts(model: string): Promise<ModelFacts | null> {
    const [shown, tags] = await Promise.all([this.#ask('POST', '/api/show', { model }), this.#ask('GET', '/api/tags')]);
    if (shown.status === 404) return null;
    if (shown.status !== 200) throw new Error(`status ${shown.status}`);
    const facts = parseShow(model, shown.json);
    const stored = parseTags(tags.json).find(({ name }) => normalizeModelName(name) === model);
    return facts && { ...facts, weightsBytes: stored?.sizeBytes ?? null };
  }

  /** What was seen of a server counts until it is another one. */
  async #askVersion(): Promise<void> {
    const { json } = await this.#ask('GET', '/api/version');
    const version = parseVersion(json);
    if (version === null) return;
    this.#isVersionKnown = true;
    if (version.join('.') === this.#version) return;
    this.#version = version.join('.');
    // A server built from source calls itself 0.0.0, and is newer than most.
    this.#refuses = isAtLeast(version, REFUSES_SINCE) || version.every((part) => part === 0);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #ask(method: 'GET' | 'POST', path: string, json?: object): Promise<Answered> {
    const { statusCode, headers, body } = await this.#pool.request({
      method,
      path,
      ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
    });
    const text = await body.text();
    const date = Date.parse(String(headers['date']));
    const dateMs = Number.isFinite(date) ? date : Date.now();
    return { status: statusCode, json: statusCode === 200 ? JSON.parse(text) : null, dateMs };
  }
}
