import { DEFAULT_V1, type V1Modes } from '@rightsize/nest';
import { startGateway, type Gateway } from '../apps/gateway/src/start-gateway.js';

/** The whole gateway on a free port, silent, with a log of its own; bodies of at most 1 MiB. */
export function gatewayBefore(upstream: string, database: string, v1: V1Modes = DEFAULT_V1): Promise<Gateway> {
  return startGateway({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 2 ** 20,
    drainMs: 100,
    connectTimeoutMs: 1000,
    admin: { key: null, readKey: null, origins: [], requestsPerMinute: 600 },
    metrics: { open: false },
    logLevel: 'silent',
    v1,
    rightsize: { upstream, database },
  });
}
