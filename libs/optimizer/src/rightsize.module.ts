import { ConfigurableModuleBuilder, Module, type Provider } from '@nestjs/common';
import { CqrsModule, EventBus } from '@nestjs/cqrs';
import { createFingerprinter, createSketcher, createTemplateDetector } from '@rightsize/optimizer-core';
import { ActivePolicies } from './active-policies.js';
import { Backend } from './backend.js';
import { Clock, systemClock } from './clock.js';
import { OptimizeRequestHandler } from './commands/optimize-request.handler.js';
import { RecordCompletionHandler } from './commands/record-completion.handler.js';
import { RetryFailedLoadHandler } from './commands/retry-failed-load.handler.js';
import { RetryRefusedHandler } from './commands/retry-refused.handler.js';
import { EventLog } from './event-log.js';
import { installationSecret, type InstallationSecret } from './installation-secret.js';
import { MachineView } from './machine-view.js';
import { ModelCatalogue } from './model-catalogue.js';
import { OllamaBackend } from './ollama-backend.js';
import { ReadModels } from './projections/read-models.js';
import { GetSizingViewHandler } from './queries/get-sizing-view.handler.js';
import { RecentDecisions } from './recent-decisions.js';
import { NightlyRetraining } from './retraining/nightly-retraining.js';
import { RetentionSchedule } from './retention/retention-schedule.js';
import { RightsizeService } from './rightsize.service.js';
import { Detector, Prints, Secret, Settings, Sketches } from './rightsize.tokens.js';
import { RunnerTracker } from './runner-tracker.js';
import { DecideInTurn, type Asked } from './decide-in-turn.js';
import { OptionSets } from './option-sets.js';
import { SwitchGates } from './switch-gates.js';
import { Inspection } from './inspection.js';
import { Safeguards } from './safeguards.js';
import { Witnesses } from './witness.js';
import { SizingPlans } from './sizing-plans.js';
import { isAllOff, resolveSettings, type RightsizeOptions, type RightsizeSettings } from './settings.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<RightsizeOptions>({
  moduleName: 'Rightsize',
})
  .setClassMethodName('forRoot')
  .build();

const DAY_MS = 86_400_000;

const providers: Provider[] = [
  { provide: Settings, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveSettings },
  { provide: Clock, useValue: systemClock },
  {
    provide: Secret,
    inject: [Settings],
    useFactory: (settings: RightsizeSettings): InstallationSecret =>
      settings.secret === null
        ? installationSecret(isAllOff(settings) ? ':memory:' : settings.database)
        : { secret: settings.secret, problem: null },
  },
  { provide: Prints, inject: [Secret], useFactory: ({ secret }: InstallationSecret) => createFingerprinter(secret) },
  { provide: Sketches, inject: [Secret], useFactory: ({ secret }: InstallationSecret) => createSketcher(secret) },
  { provide: Detector, useFactory: () => createTemplateDetector() },
  {
    provide: Backend,
    inject: [Settings],
    useFactory: (settings: RightsizeSettings) => new OllamaBackend(settings.upstream),
  },
  {
    provide: RunnerTracker,
    inject: [Backend, Clock, Settings, ModelCatalogue],
    useFactory: (backend: Backend, clock: Clock, settings: RightsizeSettings, catalogue: ModelCatalogue) =>
      new RunnerTracker(backend, clock, settings, (model) => catalogue.facts(model)?.blob ?? model),
  },
  {
    provide: SwitchGates,
    inject: [Settings, RunnerTracker],
    useFactory: (settings: RightsizeSettings, runners: RunnerTracker) => {
      const gates = new SwitchGates<Asked>(settings);
      runners.watch(
        () => gates.isSwitching,
        (runner) => gates.shown(runner),
      );
      return gates;
    },
  },
  { provide: OptionSets, useFactory: () => new OptionSets() },
  DecideInTurn,
  Safeguards,
  {
    provide: ModelCatalogue,
    inject: [Backend, Clock],
    useFactory: (backend: Backend, clock: Clock) => new ModelCatalogue(backend, clock),
  },
  { provide: Witnesses, useFactory: () => new Witnesses() },
  { provide: ReadModels, useFactory: () => new ReadModels() },
  {
    provide: ActivePolicies,
    inject: [ReadModels, Settings],
    useFactory: ({ policies }: ReadModels, { policy }: RightsizeSettings) => new ActivePolicies(policies, policy),
  },
  {
    provide: MachineView,
    inject: [Settings, Clock, ModelCatalogue, RunnerTracker, ReadModels, ActivePolicies],
    useFactory: (
      settings: RightsizeSettings,
      clock: Clock,
      catalogue: ModelCatalogue,
      runners: RunnerTracker,
      readModels: ReadModels,
      policies: ActivePolicies,
    ) => new MachineView(settings, clock, catalogue, runners, readModels, (model) => policies.of(model)),
  },
  {
    provide: SizingPlans,
    inject: [ReadModels, Clock, ActivePolicies, MachineView],
    useFactory: (readModels: ReadModels, clock: Clock, policies: ActivePolicies, machine: MachineView) =>
      new SizingPlans(readModels, clock, (model) => policies.of(model), {
        facts: (model) => machine.facts(model),
        memoryWindow: (model) => machine.memoryWindow(model),
      }),
  },
  {
    provide: EventLog,
    inject: [Settings, ReadModels, EventBus, Witnesses],
    useFactory: (settings: RightsizeSettings, readModels: ReadModels, bus: EventBus, witnesses: Witnesses) =>
      new EventLog({ file: settings.database }, readModels, bus, undefined, witnesses),
  },
  {
    provide: NightlyRetraining,
    inject: [Settings, Clock],
    useFactory: ({ database }: RightsizeSettings, clock: Clock) => new NightlyRetraining(database, clock),
  },
  {
    provide: RetentionSchedule,
    inject: [Settings],
    useFactory: ({ database, retainDays, retainBytes }: RightsizeSettings) =>
      new RetentionSchedule({
        file: database,
        keepMs: retainDays === null ? null : retainDays * DAY_MS,
        maxBytes: retainBytes,
      }),
  },
  {
    provide: RecentDecisions,
    inject: [Settings],
    useFactory: (settings: RightsizeSettings) => new RecentDecisions(settings.recentDecisions),
  },
  OptimizeRequestHandler,
  RecordCompletionHandler,
  RetryFailedLoadHandler,
  RetryRefusedHandler,
  GetSizingViewHandler,
  Inspection,
  RightsizeService,
];

/**
 * Sizing for a Nest application that proxies to Ollama: import `RightsizeModule.forRoot(options)` or
 * `forRootAsync({...})`, inject {@link RightsizeService}. A bad option throws a `SettingsError` at start.
 */
@Module({ imports: [CqrsModule], providers, exports: [RightsizeService, Inspection] })
export class RightsizeModule extends ConfigurableModuleClass {}
