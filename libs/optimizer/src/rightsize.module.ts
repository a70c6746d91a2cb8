import { ConfigurableModuleBuilder, Module, type Provider } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ModuleRef } from '@nestjs/core';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { createFingerprinter, createSketcher, createTemplateDetector, decide } from '@rightsize/optimizer-core';
import { ActivePolicies } from './active-policies.js';
import { Backend } from './backend.js';
import { backendFor } from './backend-for.js';
import { Clock, systemClock } from './clock.js';
import { EventLog } from './event-log.js';
import { HostEventBus } from './host-event-bus.js';
import { DEFAULT_INSTANCE, getInspectionToken, getRightsizeToken } from './instance-name.js';
import { installationSecret, type InstallationSecret } from './installation-secret.js';
import { MachineView } from './machine-view.js';
import { LocalMetrics } from './memory/local-metrics.js';
import { MeasuredMemory } from './memory/measured-memory.js';
import { MemoryWatch } from './memory/memory-watch.js';
import { SystemMetrics } from './memory/system-metrics.js';
import { ModelCatalogue } from './model-catalogue.js';
import { OwnBuses } from './own-buses.js';
import { SizingPolicy, type RightsizePorts } from './ports.js';
import { ReadModels } from './projections/read-models.js';
import { RecentDecisions } from './recent-decisions.js';
import { LogTaskThreads } from './retraining/log-task-threads.js';
import { NightlyRetraining } from './retraining/nightly-retraining.js';
import { RetentionSchedule } from './retention/retention-schedule.js';
import { RightsizeService } from './rightsize.service.js';
import { Commands, Detector, InstanceName, Prints, Queries, Secret, Settings, Sketches } from './rightsize.tokens.js';
import { RunnerTracker } from './runner-tracker.js';
import { DecideInTurn, type Asked } from './decide-in-turn.js';
import { OptionSets } from './option-sets.js';
import { SwitchGates } from './switch-gates.js';
import { Inspection } from './inspection.js';
import { Safeguards } from './safeguards.js';
import { Witnesses } from './witness.js';
import { SizingPlans } from './sizing-plans.js';
import { isAllOff, resolveSettings, SettingsError, type RightsizeOptions, type RightsizeSettings } from './settings.js';

export interface RightsizeModuleOptions extends RightsizeOptions {
  /** What stands in the place of Rightsize's own parts. */
  readonly ports?: RightsizePorts;
}

export interface RightsizeExtras {
  /** Whether the service can be injected everywhere without importing the module again. @default false */
  readonly isGlobal?: boolean;
  /** Tells several instances apart: their services are injected with `@InjectRightsize(name)`. @default 'default' */
  readonly name?: string;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<RightsizeModuleOptions>({
  moduleName: 'Rightsize',
})
  .setClassMethodName('forRoot')
  .setExtras<RightsizeExtras>({}, (definition, { isGlobal = false, name = DEFAULT_INSTANCE }) => {
    const service = { provide: getRightsizeToken(name), useClass: RightsizeService };
    const inspection = { provide: getInspectionToken(name), useClass: Inspection };
    // By its class only one can be had, also by `app.get`: of several, the one without a name.
    const byClass =
      name === DEFAULT_INSTANCE
        ? [
            { provide: RightsizeService, useExisting: service.provide },
            { provide: Inspection, useExisting: inspection.provide },
          ]
        : [];
    return {
      ...definition,
      global: isGlobal,
      providers: [
        ...(definition.providers ?? []),
        { provide: InstanceName, useValue: name },
        service,
        inspection,
        ...byClass,
      ],
      exports: [service, inspection, ...byClass].map(({ provide }) => provide),
    };
  })
  .build();

const DAY_MS = 86_400_000;

const providers: Provider[] = [
  { provide: Settings, inject: [MODULE_OPTIONS_TOKEN], useFactory: settingsOf },
  {
    provide: Clock,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ ports }: RightsizeModuleOptions): Clock => ports?.clock ?? systemClock,
  },
  {
    provide: SizingPolicy,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ ports }: RightsizeModuleOptions): SizingPolicy => ports?.policy ?? { decide },
  },
  { provide: Commands, inject: [ModuleRef], useFactory: (modules: ModuleRef) => new CommandBus(modules) },
  { provide: Queries, inject: [ModuleRef], useFactory: (modules: ModuleRef) => new QueryBus(modules) },
  OwnBuses,
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
  {
    provide: Detector,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ ports }: RightsizeModuleOptions) => ports?.detector ?? createTemplateDetector(),
  },
  {
    provide: Backend,
    inject: [Settings, MODULE_OPTIONS_TOKEN],
    useFactory: (settings: RightsizeSettings, { ports }: RightsizeModuleOptions): Backend =>
      ports?.backend ?? backendFor(settings),
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
    useFactory: ({ policies }: ReadModels, settings: RightsizeSettings) => new ActivePolicies(policies, settings),
  },
  {
    provide: MeasuredMemory,
    inject: [Settings, ReadModels],
    useFactory: (settings: RightsizeSettings, readModels: ReadModels) => new MeasuredMemory(settings, readModels),
  },
  {
    provide: SystemMetrics,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ ports }: RightsizeModuleOptions): SystemMetrics => ports?.systemMetrics ?? new LocalMetrics(),
  },
  MemoryWatch,
  {
    provide: MachineView,
    inject: [Settings, Clock, ModelCatalogue, RunnerTracker, ReadModels, MeasuredMemory, ActivePolicies],
    useFactory: (
      settings: RightsizeSettings,
      clock: Clock,
      catalogue: ModelCatalogue,
      runners: RunnerTracker,
      readModels: ReadModels,
      memory: MeasuredMemory,
      policies: ActivePolicies,
    ) =>
      new MachineView(
        settings,
        clock,
        catalogue,
        runners,
        readModels,
        () => memory.inForce,
        (model) => policies.of(model),
      ),
  },
  {
    provide: SizingPlans,
    inject: [ReadModels, Clock, ActivePolicies, MachineView],
    useFactory: (readModels: ReadModels, clock: Clock, policies: ActivePolicies, machine: MachineView) =>
      new SizingPlans(readModels, clock, (model) => policies.of(model), {
        facts: (model) => machine.facts(model),
        memoryWindow: (model) => machine.memoryWindow(model),
        evictions: (model) => machine.evictions(model),
      }),
  },
  {
    provide: EventLog,
    inject: [Settings, MODULE_OPTIONS_TOKEN, ReadModels, HostEventBus, Witnesses, InstanceName],
    useFactory: (
      { database }: RightsizeSettings,
      { ports }: RightsizeModuleOptions,
      readModels: ReadModels,
      bus: HostEventBus,
      witnesses: Witnesses,
      instance: string,
    ) => {
      const open = ports?.store ?? (() => openEventStorage({ file: database, appendThread: true }));
      return new EventLog(open, readModels, bus, undefined, witnesses, instance);
    },
  },
  {
    provide: NightlyRetraining,
    inject: [Settings, Clock],
    useFactory: ({ database }: RightsizeSettings, clock: Clock) => new NightlyRetraining(database, clock),
  },
  {
    provide: LogTaskThreads,
    inject: [Settings],
    useFactory: ({ database }: RightsizeSettings) => new LogTaskThreads(database),
  },
  {
    provide: RetentionSchedule,
    inject: [Settings],
    useFactory: (settings: RightsizeSettings) =>
      new RetentionSchedule(() => {
        const { database: file, retainDays, retainBytes: maxBytes } = settings;
        return { file, keepMs: retainDays === null ? null : retainDays * DAY_MS, maxBytes };
      }),
  },
  {
    provide: RecentDecisions,
    inject: [Settings],
    useFactory: (settings: RightsizeSettings) => new RecentDecisions(settings.recentDecisions),
  },
  HostEventBus,
];

/**
 * Sizing for a Nest application that proxies to Ollama: import `RightsizeModule.forRoot(options)` or
 * `forRootAsync({...})`, inject {@link RightsizeService}. Several instances take names, and a database each.
 * A bad option throws a `SettingsError` at start.
 */
@Module({ providers })
export class RightsizeModule extends ConfigurableModuleClass {}

/** A log of the application's own has no file beside which a key could lie, or on which threads could work. */
function settingsOf({ ports, ...options }: RightsizeModuleOptions): RightsizeSettings {
  if (!ports?.store) return resolveSettings(options);
  const settings = resolveSettings({ ...options, database: ':memory:' });
  for (const name of ['retrainAt', 'retainDays', 'retainBytes'] as const) {
    if (settings[name] !== null)
      throw new SettingsError(`${name}: works on the SQLite file only, not on another store`);
  }
  return settings;
}
