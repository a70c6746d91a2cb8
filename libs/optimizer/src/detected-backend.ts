import { parseModelList, parseVersion } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';
import type { AskedServer } from './asked-server.js';
import type { Backend, LoadedModel, ServerTraits } from './backend.js';

/** {@link Backend} for a server of which it is found out what it is. Until that is known it is taken for the usual. */
export class DetectedBackend implements Backend {
  readonly #server: AskedServer;
  readonly #other: Backend;
  #current: Backend;
  #isKnown = false;
  #asking: Promise<void> | null = null;

  /** `usual` answers `/api/version`; `other` does not, and lists models in OpenAI's dialect. */
  constructor(server: AskedServer, usual: Backend, other: Backend) {
    this.#server = server;
    this.#current = usual;
    this.#other = other;
  }

  get server(): ServerTraits {
    return this.#current.server;
  }

  get refusesLongPrompts(): boolean {
    return this.#current.refusesLongPrompts;
  }

  identify(): Promise<void> | null {
    if (this.#isKnown) return this.#current.identify();
    this.#asking ??= this.#detect().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  canonicalName(model: string): string {
    return this.#current.canonicalName(model);
  }

  async loaded(): Promise<readonly LoadedModel[]> {
    await this.identify();
    return this.#current.loaded();
  }

  async facts(model: string): Promise<ModelFacts | null> {
    await this.identify();
    return this.#current.facts(model);
  }

  noticeRefusing(refuses: boolean): void {
    this.#current.noticeRefusing(refuses);
  }

  close(): Promise<void> {
    return this.#current.close();
  }

  /** Never rejects: a server that cannot be reached is asked again. */
  async #detect(): Promise<void> {
    try {
      const { json, product } = await this.#server.ask('GET', '/api/version');
      if (parseVersion(json) === null && (product === 'llama.cpp' || (await this.#listsModels())))
        this.#current = this.#other;
      this.#isKnown = true;
    } catch {
      return;
    }
    await this.#current.identify();
  }

  async #listsModels(): Promise<boolean> {
    return parseModelList((await this.#server.ask('GET', '/v1/models')).json) !== null;
  }
}
