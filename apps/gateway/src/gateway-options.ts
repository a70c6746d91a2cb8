import type { OptimizerMode, ProxyOptions } from '@rightsize/nest';
import type { AdminOptions } from '@rightsize/optimizer-admin';
import type { MetricsOptions } from '@rightsize/telemetry';
import type { RightsizeOptions } from '@rightsize/optimizer';

/** Everything the gateway can be told. Complete: the command line fills in defaults. */
export interface GatewayOptions extends ProxyOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 for any free one. */
  readonly port: number;
  /** How long streams may go on after a signal to stop, milliseconds. */
  readonly drainMs: number;
  /** Which requests are sized while users can ask for it with `/opt`; `off` or absent: they cannot. */
  readonly slash?: OptimizerMode;
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
