import { BadRequestException, Controller, Get, Inject, Query, Res, UseGuards } from '@nestjs/common';
import type { DecisionSummary, HealthReport, RightsizeDoor } from '@rightsize/optimizer';
import type { ServerResponse } from 'node:http';
import { Door } from '../door.js';
import { Configuration } from '../configuration/configuration.token.js';
import { V1Plans, type V1Report } from '@rightsize/nest';
import { LoopbackGuard } from '@rightsize/optimizer-admin';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** What the gateway says of itself, to this machine only. */
@Controller('rightsize')
@UseGuards(LoopbackGuard)
export class RightsizeController {
  constructor(
    @Inject(Door) private readonly door: RightsizeDoor,
    @Inject(V1Plans) private readonly v1: V1Plans,
    @Inject(Configuration) private readonly configuration: Configuration,
  ) {}

  /** `?live` asks only whether the process answers. 503 while starting; degraded is still serving, so 200. */
  @Get('health')
  health(
    @Query('live') live: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): (HealthReport & { readonly v1: V1Report }) | { status: 'live' } {
    if (live !== undefined) return { status: 'live' };
    const report = this.door.health();
    response.statusCode = report.status === 'starting' ? 503 : 200;
    const refused = this.configuration?.problem ?? null;
    const reasons = refused === null ? report.reasons : [...report.reasons, `settings were not reloaded: ${refused}`];
    const status = report.status === 'ready' && refused !== null ? 'degraded' : report.status;
    return { ...report, status, reasons, v1: this.v1.report() };
  }

  /** Recent decisions, newest first, without any text of theirs. */
  @Get('decisions')
  decisions(@Query('limit') limit: string | undefined): readonly DecisionSummary[] {
    const wanted = limit === undefined ? DEFAULT_LIMIT : Number(limit);
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_LIMIT) {
      throw new BadRequestException(`limit must be a whole number from 1 to ${MAX_LIMIT}`);
    }
    return this.door.decisions(wanted);
  }
}
