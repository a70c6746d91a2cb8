import { Body, Controller, Get, Inject, Patch, Req, Res, UnprocessableEntityException } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { ServerResponse } from 'node:http';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { AdminConfiguration, type ConfigurationView } from '../admin-configuration.js';
import { requireMatch, tagged } from '../http/etag.js';
import { ConfigurationBody } from '../http/queries.js';
import { ref } from '../http/schemas.js';

@ApiTags('configuration')
@Controller('rightsize/v1/configuration')
@AdminRoutes()
export class ConfigurationController {
  constructor(@Inject(AdminConfiguration) private readonly configuration: AdminConfiguration) {}

  /** What is in force, and where each value comes from. */
  @Get()
  @ApiOkResponse({ schema: ref('Configuration') })
  get(
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): ConfigurationView | undefined {
    return tagged(request, response, this.configuration.view());
  }

  /** Changes settings until the process ends, all of them or none; null takes such a change back. */
  @Patch()
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiOkResponse({ schema: ref('Configuration') })
  change(
    @Body() { changes }: ConfigurationBody,
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): ConfigurationView | undefined {
    requireMatch(request, this.configuration.view());
    const outcome = this.configuration.change(changes, request.adminBy);
    if (outcome.kind === 'refused') throw new UnprocessableEntityException([...outcome.problems]);
    return tagged(request, response, this.configuration.view());
  }
}
