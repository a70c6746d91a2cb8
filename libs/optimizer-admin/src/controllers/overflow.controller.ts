import { Controller, Get, Inject, Query, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { EVENT_UPCASTERS, Inspection } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { OverflowQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';
import { OverflowReport } from '../overflow-report.js';

const PAGE = 1000;

@ApiTags('overflow')
@Controller('rightsize/v1/overflow')
@AdminRoutes()
export class OverflowController {
  constructor(@Inject(Inspection) private readonly inspection: Inspection) {}

  /** Whose prompts did not fit, by how much, and what window would have held them. */
  @Get()
  @ApiOkResponse({ schema: ref('Overflow') })
  async get(@Query() { within }: OverflowQuery): Promise<object> {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    const to = await storage.store.head();
    const from = Math.max(0, to - within);
    const report = new OverflowReport();
    for (let after = from; after < to;) {
      const page = await storage.store.readAll({
        after,
        limit: PAGE,
        types: ['request.refused', 'truncation.detected'],
      });
      for (const event of page) {
        const { type, data } = EVENT_UPCASTERS.upcast(event);
        report.add({ type, data } as DomainEvent);
      }
      after = page.length < PAGE ? to : page.at(-1)!.position;
    }
    return { from, to, items: report.lines() };
  }
}
