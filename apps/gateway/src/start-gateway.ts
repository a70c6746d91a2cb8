import { NestFactory } from '@nestjs/core';
import type { LiveConfiguration } from '@rightsize/configuration';
import { RightsizeService, type RightsizeDoor } from '@rightsize/optimizer';
import type { AddressInfo } from 'node:net';
import { FrontDoorAdapter } from './front-door.adapter.js';
import type { GatewayKeys } from './configuration/keys.js';
import { optionsOf } from './configuration/options-of.js';
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
export async function startGateway(
  options: GatewayOptions,
  door?: RightsizeDoor,
  configuration?: LiveConfiguration<GatewayKeys>,
): Promise<Gateway> {
  // One object that everybody reads from, and that a reload changes in one step.
  const live = { ...options };
  const adapter = new FrontDoorAdapter(live);
  const logger = new PinoLogger(live.logLevel);
  const app = await NestFactory.create(gatewayModule(live, door), adapter, {
    bodyParser: false,
    logger,
    abortOnError: false,
  });
  adapter.handOver(app.get(Proxy));
  configuration?.onChange((reading) => {
    const next = optionsOf(reading);
    if (!door) app.get(RightsizeService).reconfigure(next.rightsize);
    Object.assign(live, next);
    logger.setLevel(live.logLevel);
  });
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
