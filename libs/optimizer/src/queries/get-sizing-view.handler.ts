import { Inject } from '@nestjs/common';
import { QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { ModelFacts, SizingKnowledge } from '@rightsize/optimizer-core';
import { Backend } from '../backend.js';
import { Clock } from '../clock.js';
import { factsOfFixed } from '../facts-of-fixed.js';
import { MachineView } from '../machine-view.js';
import { ReadModels } from '../projections/read-models.js';
import { RunnerTracker } from '../runner-tracker.js';
import { SizingPlans } from '../sizing-plans.js';
import { GetSizingView, type SizingView } from './get-sizing-view.query.js';

@QueryHandler(GetSizingView)
export class GetSizingViewHandler implements IQueryHandler<GetSizingView, SizingView> {
  readonly #readModels: ReadModels;
  readonly #runners: RunnerTracker;
  readonly #machine: MachineView;
  readonly #plans: SizingPlans;
  readonly #backend: Backend;
  readonly #clock: Clock;

  constructor(
    @Inject(ReadModels) readModels: ReadModels,
    @Inject(RunnerTracker) runners: RunnerTracker,
    @Inject(MachineView) machine: MachineView,
    @Inject(SizingPlans) plans: SizingPlans,
    @Inject(Backend) backend: Backend,
    @Inject(Clock) clock: Clock,
  ) {
    this.#readModels = readModels;
    this.#runners = runners;
    this.#machine = machine;
    this.#plans = plans;
    this.#backend = backend;
    this.#clock = clock;
  }

  async execute(query: GetSizingView): Promise<SizingView> {
    const { model, templateId } = query;
    const runner = this.#runners.view(model);
    const facts = this.#machine.facts(model) ?? this.#factsOfAny(model);
    return {
      runner,
      facts,
      modelStatistics: this.#readModels.models.get(model),
      templateStatistics: templateId === null ? null : this.#readModels.templates.get(templateId),
      memoryWindow: this.#machine.memoryWindow(model),
      sizing: query.isPriced ? this.#sizing(query, runner === null) : null,
    };
  }

  /** What its kind of server tells of every model, also while the server itself tells nothing. */
  #factsOfAny(model: string): ModelFacts | null {
    return this.#backend.server.windows === 'fixed' ? factsOfFixed(model) : null;
  }

  #sizing({ model, templateId, conversation, mode }: GetSizingView, isFree: boolean): SizingKnowledge | null {
    const state = this.#readModels.sizing.get(model);
    const plan = this.#plans.plan(model, isFree);
    if (state === null || plan === null) return null;
    const refuses = mode === 'active' && this.#backend.refusesLongPrompts;
    // Somebody else keeps changing the runner: a window that holds the need is not worth a fight.
    const isNew = !this.#runners.isContested(model) && this.#plans.isNew(model, state);
    return { state, plan, nowMs: this.#clock.nowMs(), isNew, conversation, templateId, refuses };
  }
}
