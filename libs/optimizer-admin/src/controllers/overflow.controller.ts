import { Controller, Get, Inject, Query, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { EVENT_UPCASTERS, Inspection } from '@rightsize/optimizer';
import { WindowReport, windowInWords, type DomainEvent } from '@rightsize/optimizer-core';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { OverflowQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';
import { OverflowReport } from '../overflow-report.js';

const PAGE = 1000;

const TYPES: readonly DomainEvent['type'][] = [
  'request.optimized',
  'request.refused',
  'request.completed',
  'truncation.detected',
];

@ApiTags('overflow')
@Controller('rightsize/v1/overflow')
@AdminRoutes()
export class OverflowController {
  constructor(@Inject(Inspection) private readonly inspection: Inspection) {}

  /** Whose prompts did not fit, by how much, and what window would have held them; of each model, what holds all. */
  @Get()
  @ApiOkResponse({ schema: ref('Overflow') })
  async get(@Query() { within }: OverflowQuery): Promise<object> {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    const to = await storage.store.head();
    const from = Math.max(0, to - within);
    const report = new OverflowReport();
    const windows = new WindowReport();
    for (let after = from; after < to;) {
      const page = await storage.store.readAll({ after, limit: PAGE, types: TYPES });
      for (const event of page) {
        const { type, data } = EVENT_UPCASTERS.upcast(event);
        const happened = { type, data } as DomainEvent;
        report.add(happened);
        windows.add(happened);
      }
      after = page.length < PAGE ? to : page.at(-1)!.position;
    }
    const models = windows.lines().map((line) => ({ ...line, inWords: windowInWords(line) }));
    return { from, to, items: report.lines(), models };
  }
}
