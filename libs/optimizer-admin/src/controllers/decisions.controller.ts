import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Inspection, RightsizeService } from '@rightsize/optimizer';
import type { RequestOptimizedV1 } from '@rightsize/optimizer-core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { tagged } from '../http/etag.js';
import { pageOf, type Page } from '../http/pages.js';
import { PageQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';

/** Events of one request: decision, refusals, completion and what came of it. */
const MOST_EVENTS = 100;

@ApiTags('decisions')
@Controller('rightsize/v1/decisions')
@AdminRoutes()
export class DecisionsController {
  constructor(
    @Inject(RightsizeService) private readonly service: RightsizeService,
    @Inject(Inspection) private readonly inspection: Inspection,
  ) {}

  /** The latest first, as far as they are kept in memory. */
  @Get()
  @ApiOkResponse({ schema: ref('Decisions') })
  list(@Query() query: PageQuery): Page<object> {
    return pageOf(this.service.decisions(Number.MAX_SAFE_INTEGER), ({ id }) => id, query);
  }

  @Get(':id')
  @ApiOkResponse({ schema: ref('Decision') })
  get(
    @Param('id') id: string,
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: ServerResponse,
  ): object | undefined {
    const decision = this.service.decisions(Number.MAX_SAFE_INTEGER).find((one) => one.id === id);
    if (decision === undefined)
      throw new NotFoundException(`no decision "${id}" is kept in memory; its explanation may be in the log`);
    return tagged(request, response, decision);
  }

  /** Inputs, rejected candidates and prices, and all that followed, out of the log. */
  @Get(':id/explanation')
  @ApiOkResponse({ schema: ref('Explanation') })
  async explain(@Param('id') id: string): Promise<object> {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    const events = await storage.store.readStream(`request-${id}`, { from: 1, limit: MOST_EVENTS });
    const optimized = events.find(({ type }) => type === 'request.optimized');
    if (optimized === undefined) throw new NotFoundException(`the log holds no decision "${id}"`);
    return { id, decision: (optimized.data as RequestOptimizedV1).decision, events };
  }
}
