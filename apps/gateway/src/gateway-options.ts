import type { V1Route } from '@rightsize/ollama';
import type { AdminOptions } from '@rightsize/optimizer-admin';
import type { MetricsOptions } from '@rightsize/telemetry';
import type { RightsizeOptions } from '@rightsize/optimizer';

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

/** Everything the gateway can be told. Complete: the command line fills in defaults. */
export interface GatewayOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 for any free one. */
  readonly port: number;
  /** Largest body of `/api/chat` and `/api/generate`, bytes. Other routes have no bound. */
  readonly maxBodyBytes: number;
  /** How long streams may go on after a signal to stop, milliseconds. */
  readonly drainMs: number;
  /** How long making a connection to the upstream may take, milliseconds. Answers have no limit. */
  readonly connectTimeoutMs: number;
  /** How the routes in other vendors' dialects get their window. */
  readonly v1: V1Modes;
  /** The least severe messages that are logged. */
  readonly logLevel: string;
  /** Who may look in and steer. */
  readonly admin: AdminOptions;
  readonly metrics: MetricsOptions & {
    /** To everybody who reaches the gateway. */
    readonly open: boolean;
  };
  readonly rightsize: RightsizeOptions;
}

export const GatewayOptions = Symbol('rightsize.GatewayOptions');
