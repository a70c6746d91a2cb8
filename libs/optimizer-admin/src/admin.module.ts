import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { AdminGuard } from './access/admin.guard.js';
import { ConfigurationController } from './controllers/configuration.controller.js';
import { DecisionsController } from './controllers/decisions.controller.js';
import { EventsController } from './controllers/events.controller.js';
import { JobsController } from './controllers/jobs.controller.js';
import { LedgerController } from './controllers/ledger.controller.js';
import { OverflowController } from './controllers/overflow.controller.js';
import { PoliciesController } from './controllers/policies.controller.js';
import { ProjectionsController } from './controllers/projections.controller.js';
import { SafeguardsController } from './controllers/safeguards.controller.js';
import { StatusController } from './controllers/status.controller.js';
import { TemplatesController } from './controllers/templates.controller.js';
import { WhatIfController } from './controllers/what-if.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { Jobs } from './jobs.js';

const CONTROLLERS = [
  StatusController,
  TemplatesController,
  DecisionsController,
  EventsController,
  ProjectionsController,
  PoliciesController,
  OverflowController,
  LedgerController,
  SafeguardsController,
  WhatIfController,
  JobsController,
];

export interface AdminModuleParts {
  /** Has `RightsizeModule`, and what the providers need. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  /** `CurrentAdminOptions`, and `AdminConfiguration` where settings are to be shown and changed. */
  readonly providers: readonly Provider[];
  readonly hasConfiguration: boolean;
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
export class RightsizeAdminModule {
  /** Nothing is served unless this is imported. */
  static register({ imports, providers, hasConfiguration }: AdminModuleParts): DynamicModule {
    return {
      module: RightsizeAdminModule,
      imports,
      controllers: [...CONTROLLERS, ...(hasConfiguration ? [ConfigurationController] : [])],
      providers: [AdminGuard, Jobs, ProblemFilter, ...providers],
      exports: [AdminGuard],
    };
  }
}
