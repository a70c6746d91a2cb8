import { Inject, Injectable } from '@nestjs/common';
import {
  rebuildBeside,
  type EventStore,
  type ProjectionStatus,
  type ReadModelStore,
  type RebuildBesideReport,
} from '@rightsize/event-store';
import type {
  KnownTemplate,
  MachineMemoryChangedV1,
  ModelFacts,
  ModelStatistics,
  RunnerView,
  TemplateStatistics,
} from '@rightsize/optimizer-core';
import { stat } from 'node:fs/promises';
import { ActivePolicies } from './active-policies.js';
import { EventLog } from './event-log.js';
import { EVENT_UPCASTERS } from './event-upcasters.js';
import { MeasuredMemory } from './memory/measured-memory.js';
import { MemoryWatch } from './memory/memory-watch.js';
import type { SystemReading } from './memory/system-metrics.js';
import { ModelCatalogue } from './model-catalogue.js';
import { ReadModels } from './projections/read-models.js';
import type { LogTask, LogTaskResult } from './retraining/log-task.js';
import { LogTaskThreads } from './retraining/log-task-threads.js';
import type { OnDoing } from './retraining/what-if-log.js';
import { Settings } from './rightsize.tokens.js';
import { RunnerTracker } from './runner-tracker.js';
import type { RightsizeSettings } from './settings.js';

/** A model as far as it is known: what it is, what is loaded, what was learnt. */
export interface ModelInsight {
  readonly model: string;
  readonly facts: ModelFacts | null;
  readonly runner: RunnerView | null;
  readonly statistics: ModelStatistics | null;
}

export interface TemplateInsight {
  readonly known: KnownTemplate;
  readonly statistics: TemplateStatistics | null;
}

export interface MemoryInsight {
  readonly reading: SystemReading | null;
  readonly inForce: MachineMemoryChangedV1 | null;
}

/** What this instance knows, for those who look after it. Apart from the store, all of it is in memory. */
@Injectable()
export class Inspection {
  constructor(
    @Inject(Settings) private readonly settings: RightsizeSettings,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(ReadModels) private readonly readModels: ReadModels,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(ModelCatalogue) private readonly catalogue: ModelCatalogue,
    @Inject(ActivePolicies) readonly policies: ActivePolicies,
    @Inject(MemoryWatch) private readonly watch: MemoryWatch,
    @Inject(MeasuredMemory) private readonly measured: MeasuredMemory,
    @Inject(LogTaskThreads) private readonly threads: LogTaskThreads,
  ) {}

  /** The log and its read models, for reading; null while the log is not open. */
  get storage(): { readonly store: EventStore; readonly readModels: ReadModelStore } | null {
    return this.log.storage;
  }

  /** Replays the log beside the requests. Rejects when it fails; null: the log is not open. */
  replay(task: LogTask, onDoing: OnDoing): Promise<LogTaskResult> | null {
    const { storage } = this.log;
    return storage && this.threads.run(storage, task, onDoing);
  }

  get projections(): readonly ProjectionStatus[] {
    return this.log.projections;
  }

  models(): readonly ModelInsight[] {
    return [...this.readModels.models.values()].map((statistics) => this.#insight(statistics.model, statistics));
  }

  /** Null: nothing was ever asked of it. */
  model(name: string): ModelInsight | null {
    const statistics = this.readModels.models.get(name);
    return statistics && this.#insight(name, statistics);
  }

  /** In the order in which they were detected. */
  templates(): readonly TemplateInsight[] {
    return [...this.readModels.knownTemplates.values()].map((known) => this.#template(known));
  }

  template(id: string): TemplateInsight | null {
    const known = this.readModels.knownTemplates.get(id);
    return known && this.#template(known);
  }

  /** What this machine last showed of its memory, and what decisions go by; null: nothing. */
  get memory(): MemoryInsight {
    return { reading: this.watch.reading, inForce: this.measured.inForce };
  }

  /** Bytes of the log on disk, with what is not yet folded into it; null where it is in memory or cannot be seen. */
  async storeBytes(): Promise<number | null> {
    const { database } = this.settings;
    if (database === ':memory:') return null;
    const sizes = await Promise.all(
      [database, `${database}-wal`].map((file) =>
        stat(file).then(
          ({ size }) => size,
          () => null,
        ),
      ),
    );
    return sizes[0] === null ? null : (sizes[0] ?? 0) + (sizes[1] ?? 0);
  }

  /** Folds a read model anew beside its rows and puts it in their place. Null: there is no such one, or no log. */
  async rebuild(
    name: string,
    onProgress: (position: number, target: number) => void,
  ): Promise<RebuildBesideReport | null> {
    const { storage } = this.log;
    // A fresh one: the one in use goes on meanwhile.
    const projection = new ReadModels().all.find((one) => one.name === name);
    if (storage === null || projection === undefined) return null;
    return rebuildBeside(storage.store, storage.readModels, projection, { upcasters: EVENT_UPCASTERS, onProgress });
  }

  #insight(model: string, statistics: ModelStatistics | null): ModelInsight {
    return { model, facts: this.catalogue.facts(model), runner: this.runners.view(model), statistics };
  }

  #template(known: KnownTemplate): TemplateInsight {
    return { known, statistics: this.readModels.templates.get(known.templateId) };
  }
}
