import { Controller, Get, Inject, NotFoundException, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { quantile, type RecentSample } from '@rightsize/optimizer-core';
import { Inspection, type TemplateInsight } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { tagged } from '../http/etag.js';
import { pageOf, type Page } from '../http/pages.js';
import { TemplatesQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';

/** Prompts that are recognised, and what was learnt of them. Never their text: there is none. */
@ApiTags('templates')
@Controller('rightsize/v1/templates')
@AdminRoutes()
export class TemplatesController {
  constructor(@Inject(Inspection) private readonly inspection: Inspection) {}

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
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: ServerResponse,
  ): object | undefined {
    const template = this.inspection.template(id);
    if (template === null) throw new NotFoundException(`there is no template "${id}"`);
    return tagged(request, response, shown(template));
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
