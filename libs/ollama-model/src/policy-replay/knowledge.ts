import {
  emptyModelStatistics,
  emptySizingState,
  emptyTemplateStatistics,
  foldModel,
  foldSizing,
  foldTemplate,
  type TrafficEvent,
  type ModelStatistics,
  type SizingState,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';

/** What a gateway has learnt of one model: a value, so that replays may start from the same one. */
export interface Knowledge {
  readonly model: ModelStatistics;
  readonly sizing: SizingState;
  readonly templates: ReadonlyMap<string, TemplateStatistics>;
  /** Nothing was seen yet. */
  readonly isEmpty: boolean;
}

/** Folds events into knowledge as the gateway's read models do. Mutable; {@link known} gives values. */
export class Learner {
  readonly #templates: Map<string, TemplateStatistics>;
  #model: ModelStatistics;
  #sizing: SizingState;
  #isEmpty: boolean;

  constructor(model: string, from: Knowledge | null = null) {
    this.#model = from?.model ?? emptyModelStatistics(model);
    this.#sizing = from?.sizing ?? emptySizingState(model);
    this.#templates = new Map(from?.templates);
    this.#isEmpty = from?.isEmpty ?? true;
  }

  fold(event: TrafficEvent): void {
    if (event.data.model !== this.#model.model) return;
    this.#model = foldModel(this.#model, event);
    this.#sizing = foldSizing(this.#sizing, event);
    this.#isEmpty = false;
    if (event.type !== 'request.completed' && event.type !== 'request.optimized') return;
    const { templateId, model } = event.data;
    if (templateId === null) return;
    const known = this.#templates.get(templateId) ?? emptyTemplateStatistics(templateId, model);
    this.#templates.set(templateId, foldTemplate(known, event));
  }

  get model(): ModelStatistics {
    return this.#model;
  }

  get sizing(): SizingState {
    return this.#sizing;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  template(templateId: string | null): TemplateStatistics | null {
    return templateId === null ? null : (this.#templates.get(templateId) ?? null);
  }

  /** As it is now; what is folded later does not change it. */
  known(): Knowledge {
    return {
      model: this.#model,
      sizing: this.#sizing,
      templates: new Map(this.#templates),
      isEmpty: this.#isEmpty,
    };
  }
}
