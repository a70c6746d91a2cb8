export * from './request.js';
export * from './runner.js';
export * from './statistics.js';
export * from './decision.js';
export * from './events.js';
export * from './template-detector.js';
export { createFingerprinter, type Fingerprinter } from './fingerprinter.js';
export { extractFeatures } from './features.js';
export { createSketcher, type Sketcher } from './templates/sketcher.js';
export type { PromptSketch } from './templates/prompt-sketch.js';
export type { TemplateDefinition } from './templates/template-definition.js';
export { createTemplateDetector, type TemplateDetectorOptions } from './templates/detector.js';
export { DEFAULT_TUNING, type TemplateTuning } from './templates/tuning.js';
export { inheritTemplate, mergeTemplates } from './merge-templates.js';
export { emptySample, pushSample, quantile } from './recent-sample.js';
export { answerKind, emptyAnswers, pushAnswer, type Answer, type AnswerKind } from './answer-sample.js';
export { outputCurve, outputQuantile, outputSurvival, type AnswerQuestion, type OutputCurve } from './output-curve.js';
export { updateMean } from './running-mean.js';
export { emptyModelStatistics, emptyTemplateStatistics, foldModel, foldTemplate } from './fold-statistics.js';
export { countedBefore, estimatePrompt, rawPromptTokens, type PromptEstimate } from './token-estimate.js';
export { judgeCompletion, type Judgement, type JudgementInput } from './completion-judgement.js';
export { memoryWindow } from './memory-window.js';
export { emptyMachineState, type FailedLoad, type MachineState } from './machine/machine-state.js';
export { measuredWindow, type MachineMemory, type MemoryPool } from './machine/machine-memory.js';
export { READINGS, steadyMemory } from './machine/steady-memory.js';
export { foldMachine } from './machine/fold-machine.js';
export { factsHere, type KvCacheType, type ServerSetup } from './machine/facts-here.js';
export { BATCH_DICE, chooseBatch, keptBatch } from './machine/choose-batch.js';
export type { BatchDecision } from './machine/batch-decision.js';
export { decide } from './decide.js';
export { widenDecision } from './widen-decision.js';
export { SwitchGate, type Arrival, type Entry } from './gate/switch-gate.js';
export { DEFAULT_POLICY } from './default-policy.js';
export { DEFAULT_BELIEFS, type SizingBeliefs } from './policy/beliefs.js';
export { emptySizingState, type SizingState } from './policy/sizing-state.js';
export {
  ASSUMED_DEFAULT,
  askAsSent,
  EMPTY_WORLD,
  type ClientWorld,
  type ReloadRule,
  type Sent,
} from './ledger/client-world.js';
export { cellKey, emptyLedgerModel, foldLedger, type LedgerChange } from './ledger/fold-ledger.js';
export { ledgerReport, type LedgerDimension, type LedgerLine, type LedgerReport } from './ledger/ledger-report.js';
export {
  addFigures,
  type LedgerCell,
  type LedgerFigures,
  type LedgerModel,
  type LedgerRow,
} from './ledger/ledger-rows.js';
export { WindowReport, windowInWords, type WindowLine } from './window-report.js';
export * from './training/comparison.js';
export * from './training/recorded-request.js';
export { TrafficRecorder } from './training/recorded-traffic.js';
export { evaluate, type EvaluateOptions, type JudgedRequest } from './training/evaluate.js';
export { beliefsOf, fitMachine, fitTokens, fitTraffic, type MachineSeen } from './training/fit-beliefs.js';
export { train, TRAINING_STEPS, type Judge, type TrainingProgress } from './training/train.js';
export { evictionsOf, neighbourOf, type Eviction, type Neighbour } from './policy/evictions.js';
export { foldSizing } from './policy/fold-sizing.js';
export { foldSafeguard, type SafeguardedEvent } from './safeguard/fold-safeguard.js';
export { judgeSafeguard, type SafeguardVerdict } from './safeguard/judge-safeguard.js';
export { emptySafeguardState, type SafeguardState } from './safeguard/safeguard-state.js';
export { solve, type SizingPlan } from './policy/sizing-plan.js';
export type { Prices } from './policy/prices.js';
