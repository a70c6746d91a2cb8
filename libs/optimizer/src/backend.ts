import type { ModelFacts } from '@rightsize/optimizer-core';

/** A model in the server's memory. */
export interface LoadedModel {
  /** Normalised name. */
  readonly model: string;
  /** Context window per slot, tokens. */
  readonly window: number;
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number | null;
}

/** Port: what can be asked of the model server. Both reject when it cannot be reached or does not answer in time. */
export interface Backend {
  loaded(): Promise<readonly LoadedModel[]>;
  /** Null when the server does not know the model. */
  facts(model: string): Promise<ModelFacts | null>;
  /** The server knows `truncate: false`, and refuses what does not fit instead of cutting it. False while unknown. */
  readonly refusesLongPrompts: boolean;
  close(): Promise<void>;
}

export const Backend = Symbol('rightsize.Backend');
