import type { V1Route } from '@rightsize/ollama';
import type { NamePatterns, RightsizeOptions } from '@rightsize/optimizer';

/**
 * By translation to the native route, which takes a window; by another name of the model, which has the
 * window baked in; or not at all.
 */
export type V1Mode = 'translate' | 'alias' | 'pass';

export type V1Modes = Readonly<Record<V1Route, V1Mode>>;

export const DEFAULT_V1: V1Modes = {
  chat: 'translate',
  completions: 'translate',
  messages: 'translate',
  responses: 'translate',
};

/** Modes for some models and clients. */
export interface V1Override extends NamePatterns {
  readonly v1: Partial<V1Modes>;
}

/** All that the proxy has to be told. Read at each use: some of it can change at run time. */
export interface ProxyOptions {
  /** Largest body of a request that is read whole, bytes. Other routes have no bound. */
  readonly maxBodyBytes: number;
  /** How long making a connection to the upstream may take, milliseconds. Answers have no limit. */
  readonly connectTimeoutMs: number;
  /** How the routes in other vendors' dialects get their window. */
  readonly v1: V1Modes;
  /** Goes before it; of several that fit, the first that says something of the route counts. @default [] */
  readonly v1Overrides?: readonly V1Override[];
  /** Whether users can ask for sizing with `/opt`, whatever the mode is. @default false */
  readonly commands?: boolean;
  readonly rightsize: Pick<RightsizeOptions, 'upstream' | 'mode' | 'overrides'>;
}
