import { Controller, Get, Inject, Res, UseGuards } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { GatewayTelemetry } from './gateway-telemetry.js';
import { MetricsGuard } from './metrics.guard.js';

@Controller('metrics')
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(@Inject(GatewayTelemetry) private readonly telemetry: GatewayTelemetry) {}

  @Get()
  async metrics(@Res() response: ServerResponse): Promise<void> {
    const { registry } = this.telemetry.metrics;
    response.setHeader('content-type', registry.contentType);
    response.end(await registry.metrics());
  }
}
