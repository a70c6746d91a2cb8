import type { ModelFacts } from '@rightsize/optimizer-core';

/** A model in the server's memory. */
export interface LoadedModel {
  /** Normalised name. */
  readonly model: string;
  /** Context window per slot, tokens; null before servers showed it. */
  readonly window: number | null;
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** Milliseconds from now on until it unloads by itself, whatever clock the server's machine has; null: not known. */
  readonly expiresInMs: number | null;
}

/** Port: what can be asked of the model server. Both reject when it cannot be reached or does not answer in time. */
export interface Backend {
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
