import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { RightsizeModule, RightsizeService, type RightsizeDoor } from '@rightsize/optimizer';
import { Door } from './door.js';
import { GatewayOptions } from './gateway-options.js';
import { LoopbackGuard } from './admin/loopback.guard.js';
import { ProblemFilter } from './admin/problem.filter.js';
import { RightsizeController } from './admin/rightsize.controller.js';
import { Proxy } from './proxy/proxy.js';
import { V1Plans } from './proxy/v1-plans.js';

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
export class GatewayModule {}

/** The whole application. With a `door` given, the optimizer stays out: for tests of the proxy alone. */
export function gatewayModule(options: GatewayOptions, door?: RightsizeDoor): DynamicModule {
  return {
    module: GatewayModule,
    imports: door ? [] : [RightsizeModule.forRootAsync({ useFactory: () => options.rightsize })],
    controllers: [RightsizeController],
    providers: [
      { provide: GatewayOptions, useValue: options },
      door ? { provide: Door, useValue: door } : { provide: Door, useExisting: RightsizeService },
      { provide: V1Plans, inject: [GatewayOptions], useFactory: (gateway: GatewayOptions) => new V1Plans(gateway) },
      {
        provide: Proxy,
        inject: [Door, GatewayOptions, V1Plans],
        useFactory: (optimizer: RightsizeDoor, gateway: GatewayOptions, plans: V1Plans) =>
          new Proxy(optimizer, gateway, plans),
      },
      LoopbackGuard,
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}
