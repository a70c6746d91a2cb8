import { isAtLeast, normalizeModelName, parsePs, parseShow, parseTags, parseVersion } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';
import type { AskedServer } from './asked-server.js';
import type { Backend, LoadedModel, ServerTraits } from './backend.js';

/** Servers before it cut whatever they are told (ollama.md section 3D). */
const REFUSES_SINCE = [0, 12, 6] as const;

const TRAITS: ServerTraits = { name: 'Ollama', windows: 'per-request', dialect: 'native', statusPath: '/api/ps' };

/** {@link Backend} over Ollama's HTTP API. */
export class OllamaBackend implements Backend {
  readonly server = TRAITS;
  readonly #server: AskedServer;
  /** By version, and as seen. */
  #refuses: boolean | null = null;
  #version = '';
  #isVersionKnown = false;

  constructor(server: AskedServer) {
    this.#server = server;
  }

  identify(): null {
    return null;
  }

  canonicalName(model: string): string {
    return normalizeModelName(model);
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
      const { status, json, dateMs } = await this.#server.ask('GET', '/api/ps');
      if (status !== 200) throw new Error(`status ${status}`);
      if (json === undefined) throw new Error('no JSON');
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
    const [shown, tags] = await Promise.all([
      this.#server.ask('POST', '/api/show', { model }),
      this.#server.ask('GET', '/api/tags'),
    ]);
    if (shown.status === 404) return null;
    if (shown.status !== 200) throw new Error(`status ${shown.status}`);
    const facts = parseShow(model, shown.json);
    const stored = parseTags(tags.json).find(({ name }) => normalizeModelName(name) === model);
    return facts && { ...facts, weightsBytes: stored?.sizeBytes ?? null };
  }

  /** What was seen of a server counts until it is another one. */
  async #askVersion(): Promise<void> {
    const { json } = await this.#server.ask('GET', '/api/version');
    const version = parseVersion(json);
    if (version === null) return;
    this.#isVersionKnown = true;
    if (version.join('.') === this.#version) return;
    this.#version = version.join('.');
    // A server built from source calls itself 0.0.0, and is newer than most.
    this.#refuses = isAtLeast(version, REFUSES_SINCE) || version.every((part) => part === 0);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
