import {
  emptyMachineState,
  emptyModelStatistics,
  emptySafeguardState,
  emptySizingState,
  foldMachine,
  foldModel,
  foldSafeguard,
  foldSizing,
  type KnownTemplate,
  type MachineEvent,
  type MachineMemoryChangedV1,
  type MachineState,
  type ModelStatistics,
  type PolicyEvent,
  type SafeguardedEvent,
  type SafeguardState,
  type SizingState,
  type TemplateOrder,
  type TemplateStatistics,
  type TrafficEvent,
} from '@rightsize/optimizer-core';
import { foldKnownTemplate, foldTemplateStatistics, statisticsKey, templateOf } from './fold-templates.js';
import { foldPolicies, policyKey, type PolicyRow } from './fold-policies.js';
import { FoldedRows, type DomainProjection } from './folded-rows.js';
import { LedgerRows } from './ledger-rows.js';

/** The key of the one row about the machine. */
export const MACHINE_ROW = 'machine';

/** The read models that decisions consult. Raise a `version` when its fold changes. */
export class ReadModels {
  readonly models = new FoldedRows<ModelStatistics>({
    name: 'model-statistics',
    version: 5,
    types: ['request.optimized', 'request.completed', 'request.refused', 'runner.reloaded', 'truncation.detected'],
    keyOf: (event) => event.data.model,
    fold: (row, event) => foldModel(row ?? emptyModelStatistics(event.data.model), event),
  });

  readonly templates = new FoldedRows<TemplateStatistics, TrafficEvent | TemplateOrder>({
    name: 'template-statistics',
    version: 6,
    types: [
      'template.detected',
      'template.split',
      'templates.merged',
      'template.pinned',
      'template.locked',
      'template.forgotten',
      'request.optimized',
      'request.completed',
    ],
    keyOf: statisticsKey,
    fold: foldTemplateStatistics,
  });

  /** What the detector takes up at start, and what became of those that are no more. */
  readonly knownTemplates = new FoldedRows<KnownTemplate, TrafficEvent | TemplateOrder>({
    name: 'known-templates',
    version: 3,
    types: ['template.detected', 'template.split', 'templates.merged', 'template.evicted', 'template.forgotten'],
    keyOf: templateOf,
    fold: foldKnownTemplate,
  });

  /** Sizes, failures and batches as they were seen. */
  readonly machine = new FoldedRows<MachineState>({
    name: 'machine-state',
    version: 1,
    types: ['request.optimized', 'request.completed', 'runner.load-failed'],
    keyOf: (event) => event.data.model,
    fold: (row, event) => foldMachine(row ?? emptyMachineState(event.data.model), event),
  });

  /** The memory that decisions go by: what was told last. */
  readonly memory = new FoldedRows<MachineMemoryChangedV1, MachineEvent>({
    name: 'machine-memory',
    version: 1,
    types: ['machine.memory-changed'],
    keyOf: () => MACHINE_ROW,
    fold: (_row, event) => event.data,
  });

  /** What windows are priced with. */
  readonly sizing = new FoldedRows<SizingState>({
    name: 'sizing-state',
    version: 4,
    types: ['request.optimized', 'request.completed', 'runner.reloaded'],
    keyOf: (event) => event.data.model,
    fold: (row, event) => foldSizing(row ?? emptySizingState(event.data.model), event),
  });

  /** What was trained, and what decides. */
  readonly policies = new FoldedRows<PolicyRow, PolicyEvent>({
    name: 'policies',
    version: 1,
    types: ['policy.trained', 'policy.activated'],
    keyOf: policyKey,
    fold: foldPolicies,
  });

  /** How models fare with windows of ours, and which of them pass through. */
  readonly safeguards = new FoldedRows<SafeguardState, SafeguardedEvent>({
    name: 'safeguard-state',
    version: 3,
    types: [
      'request.optimized',
      'request.completed',
      'runner.load-failed',
      'runner.reloaded',
      'truncation.detected',
      'safeguard.tripped',
      'safeguard.pulled',
      'safeguard.lifted',
    ],
    keyOf: (event) => event.data.model,
    fold: (row, event) => foldSafeguard(row ?? emptySafeguardState(event.data.model), event),
  });

  /** What was saved. */
  readonly ledger = new LedgerRows();

  /** In no particular order: each reads the log by a checkpoint of its own. */
  get all(): readonly DomainProjection[] {
    const { models, templates, knownTemplates, machine, memory, sizing, policies, safeguards, ledger } = this;
    return [models, templates, knownTemplates, machine, memory, sizing, policies, safeguards, ledger];
  }
}
