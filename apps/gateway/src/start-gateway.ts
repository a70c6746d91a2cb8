import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Proxy } from '@rightsize/nest';
import { serveAdminDocument } from '@rightsize/optimizer-admin';
import type { Change, LiveConfiguration } from '@rightsize/configuration';
import { RightsizeService, type RightsizeDoor } from '@rightsize/optimizer';
import type { OperatorActedV1 } from '@rightsize/optimizer-core';
import type { AddressInfo } from 'node:net';
import { FrontDoorAdapter } from './front-door.adapter.js';
import type { GatewayKeys } from './configuration/keys.js';
import { optionsOf } from './configuration/options-of.js';
import type { GatewayOptions } from './gateway-options.js';
import { gatewayModule } from './gateway.module.js';
import { NamedFront } from './named-front.js';
import { PinoLogger } from './pino-logger.service.js';
import { GatewayTelemetry } from './telemetry/gateway-telemetry.js';

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
  const app = await NestFactory.create<NestExpressApplication>(gatewayModule(live, door, configuration), adapter, {
    bodyParser: false,
    logger,
    abortOnError: false,
  });
  adapter.handOver(new NamedFront(app.get(Proxy), options.host));
  configuration?.onChange((reading, changes) => {
    const next = optionsOf(reading);
    const service = door ? null : app.get(RightsizeService);
    service?.reconfigure(next.rightsize);
    Object.assign(live, next);
    logger.setLevel(live.logLevel);
    for (const change of changes) service?.audit(auditOf(change));
  });
  if (!door) lookAfter(app, live);
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

/** Bodies of the admin API are a few settings. */
const MAX_ADMIN_BODY = '64kb';

function lookAfter(app: NestExpressApplication, live: GatewayOptions): void {
  app.useBodyParser('json', { limit: MAX_ADMIN_BODY });
  // Asked at each request: origins may change at run time.
  app.enableCors((_request: unknown, answer: (error: null, options: object) => void) =>
    answer(null, { origin: [...live.admin.origins], allowedHeaders: ['authorization', 'content-type', 'if-match'] }),
  );
  serveAdminDocument(app);
  const telemetry = app.get(GatewayTelemetry);
  app.get(RightsizeService).watch(telemetry);
  app.get(Proxy).watchWith(telemetry);
}

function auditOf({ name, from, to, source }: Change): Omit<OperatorActedV1, 'atMs'> {
  const by = source.layer === 'runtime' ? source.where : source.layer;
  return { action: 'configuration.change', target: name, details: { from, to, where: source.where }, by };
}
