import type { InferenceDialect } from '@rightsize/ollama';
import type { ModelFacts } from '@rightsize/optimizer-core';

/** A model in the server's memory. */
export interface LoadedModel {
  /** Canonical name. */
  readonly model: string;
  /** Context window per slot, tokens; null: the server does not show it. */
  readonly window: number | null;
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** Milliseconds from now on until it unloads by itself, whatever clock the server's machine has; null: not known. */
  readonly expiresInMs: number | null;
}

/** What a kind of server can do: declared by its adapter, asked for by everybody else. */
export interface ServerTraits {
  /** For people. */
  readonly name: string;
  /** `per-request`: each request says what window it wants. `fixed`: the server was started with one for all. */
  readonly windows: 'per-request' | 'fixed';
  /** In whose words requests to its models come and are answered. */
  readonly dialect: InferenceDialect;
  /** Path at which it shows what is loaded. */
  readonly statusPath: string;
}

/** Port: what can be asked of the model server. `loaded` and `facts` reject when it cannot be reached or does not answer in time. */
export interface Backend {
  readonly server: ServerTraits;
  /** Null when it is known what the server is and calls its models; else resolves when it was asked, whatever came of it. */
  identify(): Promise<void> | null;
  /** The name under which all that is known of a model is kept, for what a request calls it; empty when it has none. */
  canonicalName(model: string): string;
  loaded(): Promise<readonly LoadedModel[]>;
  /** Null when the server does not know the model. */
  facts(model: string): Promise<ModelFacts | null>;
  /** The server knows `truncate: false`, and refuses what does not fit instead of cutting it. False while unknown. */
  readonly refusesLongPrompts: boolean;
  /** How it behaved: it refused a prompt, or cut one that it had been told not to cut. Goes before its version. */
  noticeRefusing(refuses: boolean): void;
  close(): Promise<void>;
}

export const Backend = Symbol('rightsize.Backend');
