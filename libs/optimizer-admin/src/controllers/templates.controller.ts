import {
  Body,
  ConflictException,
  Controller,
  Delete,
  Get,
  Inject,
  NotFoundException,
  Param,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { quantile, type RecentSample } from '@rightsize/optimizer-core';
import { Inspection, RightsizeService, type TemplateInsight } from '@rightsize/optimizer';
import type { ServerResponse } from 'node:http';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { requireMatch, tagged } from '../http/etag.js';
import { pageOf, type Page } from '../http/pages.js';
import { TemplatesQuery, WindowBody } from '../http/queries.js';
import { ref } from '../http/schemas.js';

const IF_MATCH = { name: 'If-Match', required: false };

/** Prompts that are recognised, and what was learnt of them. Never their text: there is none. */
@ApiTags('templates')
@Controller('rightsize/v1/templates')
@AdminRoutes()
export class TemplatesController {
  constructor(
    @Inject(Inspection) private readonly inspection: Inspection,
    @Inject(RightsizeService) private readonly service: RightsizeService,
  ) {}

  @Get()
  @ApiOkResponse({ schema: ref('Templates') })
  list(@Query() query: TemplatesQuery): Page<object> {
    const all = this.inspection
      .templates()
      .filter(({ known }) => query.model === undefined || known.model === query.model);
    const { items, next } = pageOf(all, ({ known }) => known.templateId, query);
    return { items: items.map(shown), next };
  }

  @Get(':id')
  @ApiOkResponse({ schema: ref('Template') })
  get(
    @Param('id') id: string,
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): object | undefined {
    return tagged(request, response, shown(this.#known(id)));
  }

  /** Its requests get this window as long as it holds them. */
  @Put(':id/window')
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ schema: ref('Template') })
  pin(@Param('id') id: string, @Body() { window }: WindowBody, @Req() request: AdminRequest): Promise<object> {
    return this.#order(id, request, 'template.pin', { window: String(window) }, () =>
      this.service.pinTemplate(id, window),
    );
  }

  /** The need decides again. */
  @Delete(':id/window')
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ schema: ref('Template') })
  unpin(@Param('id') id: string, @Req() request: AdminRequest): Promise<object> {
    return this.#order(id, request, 'template.unpin', {}, () => this.service.pinTemplate(id, null));
  }

  /** What is known of it stays as it is, and decides alone. */
  @Put(':id/lock')
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ schema: ref('Template') })
  lock(@Param('id') id: string, @Req() request: AdminRequest): Promise<object> {
    return this.#order(id, request, 'template.lock', {}, () => this.service.lockTemplate(id, true));
  }

  /** It learns again. */
  @Delete(':id/lock')
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ schema: ref('Template') })
  unlock(@Param('id') id: string, @Req() request: AdminRequest): Promise<object> {
    return this.#order(id, request, 'template.unlock', {}, () => this.service.lockTemplate(id, false));
  }

  /** Forgets it, and what was learnt of it: its prompts are new ones from then on. Not while it is locked. */
  @Delete(':id')
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ schema: ref('Template') })
  forget(@Param('id') id: string, @Req() request: AdminRequest): Promise<object> {
    if (this.#known(id).statistics?.locked) throw new ConflictException(`template "${id}" is locked`);
    return this.#order(id, request, 'template.forget', {}, () => this.service.forgetTemplate(id));
  }

  /** Answers with the template as it is when the order has been carried out. */
  async #order(
    id: string,
    request: AdminRequest,
    action: string,
    details: Readonly<Record<string, string>>,
    carryOut: () => boolean,
  ): Promise<object> {
    requireMatch(request, shown(this.#known(id)));
    if (!carryOut()) throw new ConflictException(`template "${id}" was merged or forgotten`);
    this.service.audit({ action, target: id, details, by: request.adminBy });
    await this.service.settled();
    return shown(this.#known(id));
  }

  #known(id: string): TemplateInsight {
    const template = this.inspection.template(id);
    if (template === null) throw new NotFoundException(`there is no template "${id}"`);
    return template;
  }
}

function shown({ known, statistics }: TemplateInsight): object {
  return {
    templateId: known.templateId,
    model: known.model,
    detectedAtMs: known.atMs,
    mergedInto: known.mergedInto,
    evicted: known.evicted,
    segments: known.definition.segments.length,
    pinned: statistics?.pinned ?? null,
    locked: statistics?.locked ?? false,
    requests: statistics?.requests ?? 0,
    completions: statistics?.completions ?? 0,
    promptTokens: quantiles(statistics?.prompts),
    outputTokens: quantiles(statistics?.outputs),
    lastSeenMs: statistics?.lastSeenMs ?? null,
  };
}

function quantiles(sample: RecentSample | undefined): object | null {
  if (sample === undefined || sample.values.length === 0) return null;
  return { p50: quantile(sample, 0.5), p90: quantile(sample, 0.9), p99: quantile(sample, 0.99) };
}
