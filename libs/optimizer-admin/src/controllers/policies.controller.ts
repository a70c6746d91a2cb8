import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Inspection, PolicyRegister, RightsizeService, type Activation } from '@rightsize/optimizer';
import type { PolicyParameters } from '@rightsize/optimizer-core';
import type { AdminRequest } from '../access/admin.guard.js';
import { AdminRoutes } from '../access/admin-routes.decorator.js';
import { ActivateBody, DiffQuery, ForModelBody } from '../http/queries.js';
import { ref } from '../http/schemas.js';
import { Jobs, type Job } from '../jobs.js';

/** What decides, what could, and how they differ. */
@ApiTags('policies')
@Controller('rightsize/v1/policies')
@AdminRoutes()
export class PoliciesController {
  constructor(
    @Inject(Inspection) private readonly inspection: Inspection,
    @Inject(RightsizeService) private readonly service: RightsizeService,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  @Get()
  @ApiOkResponse({ schema: ref('Policies') })
  async list(): Promise<object> {
    const register = await this.#register();
    const general = { model: null, policyId: register.activeId(null), sinceMs: null, before: [] };
    const active = register
      .active()
      .map(({ model, policyId, sinceMs, before }) => ({ model, policyId, sinceMs, before }));
    const trained = register.trained().map(({ policyId, model, baseId, comparison, atMs }) => ({
      ...{ policyId, model, baseId, atMs },
      verdict: comparison.verdict,
      difference: comparison.difference,
    }));
    return { active: active.some(({ model }) => model === null) ? active : [general, ...active], trained };
  }

  /** Which numbers differ, and what was found when the policy was judged. */
  @Get(':id/diff')
  @ApiOkResponse({ schema: ref('PolicyDiff') })
  async diff(@Param('id') id: string, @Query() query: DiffQuery): Promise<object> {
    const register = await this.#register();
    const otherId = query.with ?? register.activeId(null);
    const [one, other] = [named(register, id), named(register, otherId)];
    const comparison = register.trained().find(({ policyId }) => policyId === id)?.comparison ?? null;
    return { policyId: id, with: otherId, differences: differences(one, other), comparison };
  }

  /** Makes a candidate out of the log and judges it by replay. It does not decide before it is activated. */
  @Post('retrain')
  @HttpCode(202)
  @ApiResponse({ status: 202, schema: ref('Job') })
  async retrain(@Body() { model = null }: ForModelBody, @Req() request: AdminRequest): Promise<Job> {
    const register = await this.#register();
    const base = register.policies.of(model ?? '');
    const job = this.jobs.start('retrain', model ?? '*', async (progress) =>
      this.inspection.replay({ kind: 'retrain', model, base }, progress),
    );
    if (job === null) throw new ConflictException('the same is being trained already');
    this.service.audit({ action: 'policy.retrain', target: model ?? '*', details: {}, by: request.adminBy });
    return job;
  }

  /** Goes back to what decided before. */
  @Post('rollback')
  @HttpCode(200)
  @ApiOkResponse({ schema: ref('PolicyChange') })
  async rollback(@Body() { model = null }: ForModelBody, @Req() request: AdminRequest): Promise<object> {
    const register = await this.#register();
    return this.#changed('policy.rollback', await register.rollback(model, Date.now()), request);
  }

  /** Has it decide from now on; refused when it was not shown to be better, unless forced. */
  @Post(':id/activate')
  @HttpCode(200)
  @ApiOkResponse({ schema: ref('PolicyChange') })
  async activate(
    @Param('id') id: string,
    @Body() { force }: ActivateBody,
    @Req() request: AdminRequest,
  ): Promise<object> {
    const register = await this.#register();
    named(register, id);
    const activation = await register.activate(id, { reason: 'chosen', forced: force, atMs: Date.now() });
    return this.#changed('policy.activate', activation, request);
  }

  #changed(action: string, activation: Activation, request: AdminRequest): object {
    if (activation.kind === 'refused') throw new ConflictException(activation.reason);
    const { policyId, previousId, model, forced } = activation.event;
    this.service.audit({ action, target: policyId, details: { previous: previousId }, by: request.adminBy });
    return { policyId, previousId, model, forced };
  }

  async #register(): Promise<PolicyRegister> {
    const { storage } = this.inspection;
    if (storage === null) throw new ServiceUnavailableException('the event log is not open');
    return PolicyRegister.open(storage.store, storage.readModels);
  }
}

function named(register: PolicyRegister, id: string): PolicyParameters {
  const policy = register.policies.named(id);
  if (policy === null) throw new NotFoundException(`the log holds no policy "${id}"`);
  return policy;
}

function differences(one: PolicyParameters, other: PolicyParameters): readonly object[] {
  const [a, b] = [one, other].map((policy) => new Map(Object.entries(policy) as [string, unknown][])) as [
    Map<string, unknown>,
    Map<string, unknown>,
  ];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => name !== 'id' && JSON.stringify(a.get(name)) !== JSON.stringify(b.get(name)))
    .map((parameter) => ({ parameter, value: a.get(parameter) ?? null, with: b.get(parameter) ?? null }));
}
