import { Controller, Get, Inject, NotFoundException, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Inspection, RightsizeService, type ModelInsight } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { tagged } from '../http/etag.js';
import { pageOf, type Page } from '../http/pages.js';
import { PageQuery } from '../http/queries.js';
import { ref } from '../http/schemas.js';

/** How it is, what it serves, what is loaded. */
@ApiTags('status')
@Controller('rightsize/v1')
@AdminRoutes()
export class StatusController {
  constructor(
    @Inject(RightsizeService) private readonly service: RightsizeService,
    @Inject(Inspection) private readonly inspection: Inspection,
  ) {}

  @Get('status')
  @ApiOkResponse({ schema: ref('Status') })
  async status(): Promise<object> {
    const { name, windows } = this.service.server;
    const { memory } = this.inspection;
    const storeBytes = await this.inspection.storeBytes();
    return { ...this.service.health(), storeBytes, server: { name, windows }, memory };
  }

  @Get('models')
  @ApiOkResponse({ schema: ref('Models') })
  models(@Query() query: PageQuery): Page<object> {
    const { items, next } = pageOf(this.inspection.models(), ({ model }) => model, query);
    return { items: items.map((one) => this.#shown(one)), next };
  }

  /** Names of models hold slashes: give them encoded. */
  @Get('models/:model')
  @ApiOkResponse({ schema: ref('Model') })
  model(
    @Param('model') name: string,
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: ServerResponse,
  ): object | undefined {
    const insight = this.inspection.model(name);
    if (insight === null) throw new NotFoundException(`nothing was asked of a model "${name}" yet`);
    return tagged(request, response, this.#shown(insight));
  }

  /** What is loaded, of the models that were asked. */
  @Get('runners')
  @ApiOkResponse({ schema: ref('Runners') })
  runners(): object {
    const items = this.inspection.models().flatMap(({ model, runner }) => (runner ? [{ model, ...runner }] : []));
    return { items };
  }

  #shown({ model, facts, runner, statistics }: ModelInsight): object {
    return {
      model,
      trainedContext: facts?.trainedContext ?? null,
      weightsBytes: facts?.weightsBytes ?? null,
      kvBytesPerToken: facts?.kvBytesPerToken ?? null,
      remote: facts?.remote ?? null,
      runner: runner && {
        window: runner.window,
        source: runner.source,
        sizeBytes: runner.sizeBytes,
        sizeVramBytes: runner.sizeVramBytes,
        expiresAtMs: runner.expiresAtMs,
      },
      requests: statistics?.requests ?? 0,
      completions: statistics?.completions ?? 0,
      tainted: statistics?.tainted ?? 0,
      reloads: statistics?.reloads ?? 0,
      truncations: statistics?.truncations ?? 0,
      windows: statistics?.windows ?? {},
      policyId: this.inspection.policies.of(model).id,
      lastSeenMs: statistics?.lastSeenMs ?? 0,
    };
  }
}
