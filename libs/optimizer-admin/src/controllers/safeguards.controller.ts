import { Body, ConflictException, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { becauseOf, RightsizeService } from '@rightsize/optimizer';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { ModelBody } from '../http/queries.js';
import { ref } from '../http/schemas.js';

/** The kill switch, one for each model: its requests go as they came. */
@ApiTags('safeguards')
@Controller('rightsize/v1/safeguards')
@AdminRoutes()
export class SafeguardsController {
  constructor(@Inject(RightsizeService) private readonly service: RightsizeService) {}

  /** Models whose requests pass through, and why. */
  @Get()
  @ApiOkResponse({ schema: ref('Safeguards') })
  list(): object {
    const items = this.service.trippedSafeguards().map((tripped) => ({
      model: tripped.model,
      atMs: tripped.atMs,
      byHand: !('harm' in tripped),
      because: becauseOf(tripped),
    }));
    return { items };
  }

  /** Has the model's requests go as they came until it is lifted. */
  @Post('trip')
  @HttpCode(200)
  @ApiOkResponse({ schema: ref('Safeguards') })
  trip(@Body() { model }: ModelBody, @Req() { adminBy }: AdminRequest): object {
    if (!this.service.pullSafeguard(model)) throw new ConflictException(`${model} passes through already`);
    this.service.audit({ action: 'safeguard.trip', target: model, details: {}, by: adminBy });
    return this.list();
  }

  /** Gives the model its windows again, whoever or whatever had tripped it. */
  @Post('lift')
  @HttpCode(200)
  @ApiOkResponse({ schema: ref('Safeguards') })
  lift(@Body() { model }: ModelBody, @Req() { adminBy }: AdminRequest): object {
    if (!this.service.liftSafeguard(model)) throw new ConflictException(`${model} has its windows`);
    this.service.audit({ action: 'safeguard.lift', target: model, details: {}, by: adminBy });
    return this.list();
  }
}
