import {
  BadRequestException,
  Controller,
  Get,
  Headers,
  Inject,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '@rightsize/event-store';
import { Inspection } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { EventsQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';
import { tail } from '../http/tail.js';

@ApiTags('events')
@Controller('rightsize/v1/events')
@AdminRoutes()
export class EventsController {
  constructor(@Inject(Inspection) private readonly inspection: Inspection) {}

  /** In order of position. `next` is what to give as `after` for what comes then, be it there already or not. */
  @Get()
  @ApiOkResponse({ schema: ref('Events') })
  async list(@Query() { after, limit, type }: EventsQuery): Promise<object> {
    const store = this.#store();
    const head = await store.head();
    const items = await store.readAll({ after, limit, ...(type === undefined ? {} : { types: [type] }) });
    const whole = items.length < limit;
    return { items, next: items.at(-1)?.position ?? (whole ? Math.max(after, head) : after), head };
  }

  /** Events as they are appended, as server-sent events whose ids are positions; goes on after `Last-Event-ID`, else from now. */
  @Get('tail')
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async tail(
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const store = this.#store();
    const after = lastEventId === undefined ? await store.head() : Number(lastEventId);
    if (!Number.isSafeInteger(after) || after < 0) throw new BadRequestException('Last-Event-ID is not a position');
    await tail(store, after, request, response);
  }

  #store(): EventStore {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    return storage.store;
  }
}
