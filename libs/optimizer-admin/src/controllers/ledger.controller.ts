import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RightsizeService } from '@rightsize/optimizer';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { LedgerQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';

@ApiTags('ledger')
@Controller('rightsize/v1/ledger')
@AdminRoutes()
export class LedgerController {
  constructor(@Inject(RightsizeService) private readonly service: RightsizeService) {}

  /** What was saved: as measured, and as it would have been had every request gone as its client sent it. */
  @Get()
  @ApiOkResponse({ schema: ref('Ledger') })
  get(@Query() { by }: LedgerQuery): object {
    return this.service.ledger(by);
  }
}
