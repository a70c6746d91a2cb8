import { NestFactory } from '@nestjs/core';
import type { RightsizeDoor } from '@rightsize/optimizer';
import type { AddressInfo } from 'node:net';
import { FrontDoorAdapter } from './front-door.adapter.js';
import type { GatewayOptions } from './gateway-options.js';
import { gatewayModule } from './gateway.module.js';
import { PinoLogger } from './pino-logger.service.js';
import { Proxy } from './proxy/proxy.js';

export interface Gateway {
  /** Where it listens, without a path. */
  readonly url: string;
  /** Stops accepting, lets streams end for a bounded time, writes the log. Idempotent. */
  close(): Promise<void>;
}

/** Starts a gateway; `door` stands in for the optimizer in tests. Rejects when an option cannot be used or the port is taken. */
export async function startGateway(options: GatewayOptions, door?: RightsizeDoor): Promise<Gateway> {
  const adapter = new FrontDoorAdapter(options.drainMs);
  const app = await NestFactory.create(gatewayModule(options, door), adapter, {
    bodyParser: false,
    logger: new PinoLogger(options.logLevel),
    abortOnError: false,
  });
  adapter.handOver(app.get(Proxy));
  try {
    await app.listen(options.port, options.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { address, family, port } = adapter.getHttpServer().address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () => (closing ??= app.close()),
  };
}
