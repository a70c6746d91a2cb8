import {
  emptyModelStatistics,
  emptyTemplateStatistics,
  foldModel,
  foldTemplate,
  type DomainEvent,
  type ModelStatistics,
  type TemplateDetectedV1,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';
import { FoldedRows } from './folded-rows.js';

/** The read models that decisions consult. Raise a `version` when its fold changes. */
export class ReadModels {
  readonly models = new FoldedRows<ModelStatistics>({
    name: 'model-statistics',
    version: 2,
    types: ['request.optimized', 'request.completed', 'request.refused', 'runner.reloaded', 'truncation.detected'],
    keyOf: (event) => event.data.model,
    fold: (row, event) => foldModel(row ?? emptyModelStatistics(event.data.model), event),
  });

  readonly templates = new FoldedRows<TemplateStatistics>({
    name: 'template-statistics',
    version: 2,
    types: ['template.detected', 'request.optimized', 'request.completed'],
    keyOf: templateOf,
    fold: (row, event) =>
      foldTemplate(row ?? emptyTemplateStatistics(templateOf(event) ?? '', event.data.model), event),
  });

  /** What the detector takes up at start. */
  readonly knownTemplates = new FoldedRows<TemplateDetectedV1>({
    name: 'known-templates',
    version: 1,
    types: ['template.detected'],
    keyOf: templateOf,
    fold: (row, event) => (event.type === 'template.detected' ? event.data : (row as TemplateDetectedV1)),
  });

  /** In no particular order: each reads the log by a checkpoint of its own. */
  get all(): readonly FoldedRows<unknown>[] {
    return [this.models, this.templates, this.knownTemplates] as readonly FoldedRows<unknown>[];
  }
}

function templateOf(event: DomainEvent): string | null {
  return 'templateId' in event.data ? event.data.templateId : null;
}
