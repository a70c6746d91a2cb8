import type { ClientWindowSetting, RightsizeOptions } from '@rightsize/optimizer';

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
  /** The least severe messages that are logged. */
  readonly logLevel: string;
  readonly rightsize: RightsizeOptions;
}

export const GatewayOptions = Symbol('rightsize.GatewayOptions');

/**
 * Reads `[MODEL][@CLIENT=]RULE`, say `exact`, `qwen*=floor` or `qwen*@aider=exact`. The rule itself
 * is checked by the optimizer.
 */
export function parseClientWindow(text: string): ClientWindowSetting {
  const equals = text.lastIndexOf('=');
  const rule = text.slice(equals + 1) as ClientWindowSetting['rule'];
  if (equals < 0) return { rule };
  const [model = '', client = ''] = text.slice(0, equals).split('@');
  return { model: model || '*', client: client || '*', rule };
}
