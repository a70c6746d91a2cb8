export { ActivePolicies } from './active-policies.js';
export * from './backend.js';
export * from './clock.js';
export * from './domain-notifications.js';
export * from './installation-secret.js';
export * from './instance-name.js';
export { MAINTENANCE_COMMAND } from './maintenance-command.js';
export * from './ports.js';
export type { RequestBody, RequestContext } from './request-body.js';
export type { ActiveRow, PolicyRow } from './projections/fold-policies.js';
export * from './projections/folded-rows.js';
export * from './projections/read-models.js';
export * from './rightsize-service.contract.js';
export { LocalMetrics } from './memory/local-metrics.js';
export type { SystemMetrics, SystemReading } from './memory/system-metrics.js';
export { Inspection, type MemoryInsight, type ModelInsight, type TemplateInsight } from './inspection.js';
export type { Witness } from './witness.js';
export { isFor, type NamePatterns } from './name-pattern.js';
export { RightsizeModule, type RightsizeExtras, type RightsizeModuleOptions } from './rightsize.module.js';
export { RightsizeService } from './rightsize.service.js';
export {
  modeFor,
  SettingsError,
  type BackendKind,
  type ClientWindowSetting,
  type RightsizeOptions,
  type RightsizeSettings,
  type SettingsOverride,
} from './settings.js';
export { EVENT_UPCASTERS } from './event-upcasters.js';
export { KEPT_FOR_GOOD } from './retention/kept-for-good.js';
export { retrainPolicy, type Retrained, type RetrainOptions } from './retraining/retrain-policy.js';
export { knowledgeAt, readTraffic, type Stretch, type Traffic } from './retraining/read-traffic.js';
export { PolicyRegister, type Activation } from './retraining/policy-register.js';
export { SafeguardRegister } from './safeguard-register.js';
export { becauseOf, type Tripped } from './safeguards.js';
export { LedgerRows } from './projections/ledger-rows.js';
export { POLICY_NUMBERS, policyFrom, withNumber } from './retraining/policy-numbers.js';
export { whatIfOfLog } from './retraining/what-if-log.js';
export type { LogTask, LogTaskResult } from './retraining/log-task.js';
export { retrainLog } from './retraining/retrain-log.js';
export {
  whatIf,
  type AskedSettings,
  type BoundedFigures,
  type TrafficFigures,
  type WhatIf,
} from './retraining/what-if.js';
