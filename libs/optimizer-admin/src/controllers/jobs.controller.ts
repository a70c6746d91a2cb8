import { Controller, Get, Inject, NotFoundException, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { ref } from '../http/schemas.js';
import { Jobs, type Job } from '../jobs.js';

@ApiTags('jobs')
@Controller('rightsize/v1/jobs')
@AdminRoutes()
export class JobsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  /** Of this process, the latest first. */
  @Get()
  @ApiOkResponse({ schema: ref('Jobs') })
  list(): object {
    return { items: this.jobs.list() };
  }

  @Get(':id')
  @ApiOkResponse({ schema: ref('Job') })
  get(@Param('id') id: string): Job {
    const job = this.jobs.get(id);
    if (job === null) throw new NotFoundException(`there is no job "${id}"`);
    return job;
  }
}
