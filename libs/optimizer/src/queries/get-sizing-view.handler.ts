import { Inject } from '@nestjs/common';
import { QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { memoryWindow } from '@rightsize/optimizer-core';
import { ModelCatalogue } from '../model-catalogue.js';
import { ReadModels } from '../projections/read-models.js';
import { RunnerTracker } from '../runner-tracker.js';
import { Settings } from '../rightsize.tokens.js';
import type { RightsizeSettings } from '../settings.js';
import { GetSizingView, type SizingView } from './get-sizing-view.query.js';

@QueryHandler(GetSizingView)
export class GetSizingViewHandler implements IQueryHandler<GetSizingView, SizingView> {
  readonly #settings: RightsizeSettings;
  readonly #readModels: ReadModels;
  readonly #runners: RunnerTracker;
  readonly #catalogue: ModelCatalogue;

  constructor(
    @Inject(Settings) settings: RightsizeSettings,
    @Inject(ReadModels) readModels: ReadModels,
    @Inject(RunnerTracker) runners: RunnerTracker,
    @Inject(ModelCatalogue) catalogue: ModelCatalogue,
  ) {
    this.#settings = settings;
    this.#readModels = readModels;
    this.#runners = runners;
    this.#catalogue = catalogue;
  }

  async execute({ model, templateId }: GetSizingView): Promise<SizingView> {
    const runner = this.#runners.view(model);
    const facts = this.#catalogue.facts(model);
    return {
      runner,
      facts,
      modelStatistics: this.#readModels.models.get(model),
      templateStatistics: templateId === null ? null : this.#readModels.templates.get(templateId),
      // A configured budget goes before what was seen.
      memoryWindow:
        memoryWindow(this.#settings.memoryBudgetBytes, facts, runner) ?? this.#runners.seenMemoryWindow(model),
    };
  }
}
