import {
  Body,
  ConflictException,
  Controller,
  HttpCode,
  Inject,
  NotFoundException,
  Post,
  Req,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { Inspection, PolicyRegister, RightsizeService, withNumber } from '@rightsize/optimizer';
import type { PolicyParameters } from '@rightsize/optimizer-core';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { WhatIfBody } from '../http/queries.js';
import { ref } from '../http/schemas.js';
import { Jobs, type Job } from '../jobs.js';

const GIB = 2 ** 30;

@ApiTags('what-if')
@Controller('rightsize/v1/what-if')
@AdminRoutes()
export class WhatIfController {
  constructor(
    @Inject(Inspection) private readonly inspection: Inspection,
    @Inject(RightsizeService) private readonly service: RightsizeService,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  /**
   * Replays the latest traffic under other settings, beside what happened and beside the requests; the result is the job's.
   * It is bounded because it takes a processor; for a whole log there is the maintenance command.
   */
  @Post()
  @HttpCode(202)
  @ApiResponse({ status: 202, schema: ref('Job') })
  async start(@Body() body: WhatIfBody, @Req() { adminBy }: AdminRequest): Promise<Job> {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    const { store } = storage;
    const register = await PolicyRegister.open(store, storage.readModels);
    const model = body.model === undefined ? null : tagOf(body.model);
    const { keepAliveSeconds, memoryGib } = body;
    const asked = {
      policy: policyOf(body, register.policies.named(body.policy ?? register.activeId(model))),
      ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }),
      ...(memoryGib === undefined ? {} : { memoryBytes: memoryGib * GIB }),
    };
    const stretch = { from: Math.max(1, (await store.head()) - body.within + 1) };
    const job = this.jobs.start('what-if', model ?? '*', async (progress) => {
      return await this.inspection.replay({ kind: 'what-if', stretch, model, asked }, progress);
    });
    if (job === null) throw new ConflictException('such a replay is going on already');
    this.service.audit({ action: 'what-if', target: model ?? '*', details: {}, by: adminBy });
    return job;
  }
}

/** As the log names models. */
function tagOf(model: string): string {
  return model.includes(':') ? model : `${model}:latest`;
}

function policyOf({ policy, set }: WhatIfBody, named: PolicyParameters | null): PolicyParameters {
  if (named === null) throw new NotFoundException(`the log holds no policy "${policy}"`);
  try {
    const changed = set.reduce(withNumber, named);
    return set.length === 0 ? changed : { ...changed, id: [named.id, ...set].join(',') };
  } catch (error) {
    throw new UnprocessableEntityException([(error as Error).message]);
  }
}
