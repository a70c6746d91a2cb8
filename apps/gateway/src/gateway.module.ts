import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { LiveConfiguration } from '@rightsize/configuration';
import { AgentChain, AgentDoor, Proxy, V1Plans } from '@rightsize/nest';
import { Inspection, RightsizeModule, RightsizeService, type RightsizeDoor } from '@rightsize/optimizer';
import {
  AdminConfiguration,
  CurrentAdminOptions,
  LoopbackGuard,
  ProblemFilter,
  RightsizeAdminModule,
} from '@rightsize/optimizer-admin';
import { RightsizeController } from './admin/rightsize.controller.js';
import { Configuration } from './configuration/configuration.token.js';
import type { GatewayKeys } from './configuration/keys.js';
import { ShownConfiguration } from './configuration/shown-configuration.js';
import { Door } from './door.js';
import { GatewayOptions } from './gateway-options.js';
import { GatewayTelemetry } from './telemetry/gateway-telemetry.js';
import { MetricsController } from './telemetry/metrics.controller.js';
import { MetricsGuard } from './telemetry/metrics.guard.js';

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
export class GatewayModule {}

/** The whole application. With a `door` given, the optimizer stays out: for tests of the proxy alone. */
export function gatewayModule(
  options: GatewayOptions,
  door?: RightsizeDoor,
  configuration?: LiveConfiguration<GatewayKeys>,
): DynamicModule {
  return {
    module: GatewayModule,
    imports: door ? [] : embedded(options, configuration),
    controllers: [RightsizeController, ...(door ? [] : [MetricsController])],
    providers: [
      { provide: GatewayOptions, useValue: options },
      door ? { provide: Door, useValue: door } : { provide: Door, useExisting: RightsizeService },
      { provide: V1Plans, inject: [GatewayOptions], useFactory: (gateway: GatewayOptions) => new V1Plans(gateway) },
      {
        provide: Proxy,
        inject: [Door, GatewayOptions, V1Plans],
        useFactory: (optimizer: RightsizeDoor, gateway: GatewayOptions, plans: V1Plans) =>
          new Proxy(throughAgents(optimizer, gateway), gateway, plans),
      },
      ...(door ? [] : [MetricsGuard, telemetry(options)]),
      { provide: Configuration, useValue: configuration ?? null },
      LoopbackGuard,
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}

/** The optimizer, and the API to look after it. */
function embedded(options: GatewayOptions, configuration?: LiveConfiguration<GatewayKeys>): DynamicModule[] {
  const rightsize = RightsizeModule.forRootAsync({ useFactory: () => options.rightsize });
  const providers: Provider[] = [{ provide: CurrentAdminOptions, useValue: () => options.admin }];
  if (configuration) providers.push({ provide: AdminConfiguration, useValue: new ShownConfiguration(configuration) });
  const hasConfiguration = configuration !== undefined;
  return [rightsize, RightsizeAdminModule.register({ imports: [rightsize], providers, hasConfiguration })];
}

function telemetry({ metrics }: GatewayOptions): Provider {
  return {
    provide: GatewayTelemetry,
    inject: [RightsizeService, Inspection, V1Plans],
    useFactory: (service: RightsizeService, inspection: Inspection, plans: V1Plans) =>
      new GatewayTelemetry(metrics, service, inspection, plans),
  };
}

/** The optimizer itself, unless users may tell it something in their messages. */
function throughAgents(optimizer: RightsizeDoor, { slash = 'off' }: GatewayOptions): RightsizeDoor {
  return slash === 'off' ? optimizer : new AgentDoor(optimizer, new AgentChain(), slash);
}
