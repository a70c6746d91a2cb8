import {
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Req,
} from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Inspection, RightsizeService } from '@rightsize/optimizer';
import type { ProjectionStatus } from '@rightsize/event-store';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { ref } from '../http/schemas.js';
import { Jobs, type Job } from '../jobs.js';

@ApiTags('projections')
@Controller('rightsize/v1/projections')
@AdminRoutes()
export class ProjectionsController {
  constructor(
    @Inject(Inspection) private readonly inspection: Inspection,
    @Inject(RightsizeService) private readonly service: RightsizeService,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  /** Where each read model stands. */
  @Get()
  @ApiOkResponse({ schema: ref('Projections') })
  list(): object {
    const items = this.inspection.projections.map(({ name, version, position, lag, state, parkedAt, error }) => ({
      ...{ name, version, position, lag, state, parkedAt },
      error: error?.message ?? null,
    }));
    return { items };
  }

  /** Folds it anew beside its rows, compares, and puts the new ones in their place. */
  @Post(':name/rebuild')
  @HttpCode(202)
  @ApiResponse({ status: 202, schema: ref('Job') })
  rebuild(@Param('name') name: string, @Req() request: AdminRequest): Job {
    this.#status(name);
    const job = this.jobs.start('rebuild', name, async (progress) => {
      const report = await this.inspection.rebuild(name, (position, target) =>
        progress('folding', target === 0 ? 1 : Math.min(1, position / target)),
      );
      const { rows, differences, from, to } = report!;
      return { rows, differences: differences.length, from, to };
    });
    if (job === null) throw new ConflictException(`${name} is being rebuilt already`);
    this.service.audit({ action: 'projection.rebuild', target: name, details: {}, by: request.adminBy });
    return job;
  }

  /** Events at which it stopped. */
  @Get(':name/parked')
  @ApiOkResponse({ schema: ref('ParkedEvents') })
  parked(@Param('name') name: string): object {
    const { version } = this.#status(name);
    return { items: this.inspection.storage?.readModels.parked.list(name, version) ?? [] };
  }

  /** Has it go on without a parked event: its rows will lack what that event says. */
  @Post(':name/parked/:position/skip')
  @HttpCode(200)
  @ApiOkResponse({ schema: ref('ParkedEvents') })
  skip(
    @Param('name') name: string,
    @Param('position', ParseIntPipe) position: number,
    @Req() request: AdminRequest,
  ): object {
    const { version } = this.#status(name);
    if (!this.inspection.storage?.readModels.parked.skip(name, version, position)) {
      throw new NotFoundException(`${name} has parked no event at position ${position}`);
    }
    const details = { position: String(position) };
    this.service.audit({ action: 'projection.skip', target: name, details, by: request.adminBy });
    return this.parked(name);
  }

  #status(name: string): ProjectionStatus {
    const found = this.inspection.projections.find((one) => one.name === name);
    if (found === undefined) throw new NotFoundException(`there is no projection "${name}"`);
    return found;
  }
}
