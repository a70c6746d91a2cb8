import type {
  DomainEvent,
  MachineMemoryChangedV1,
  OperatorActedV1,
  PolicyActivatedV1,
  PolicyTrainedV1,
  RequestCompletedV1,
  RequestOptimizedV1,
  RequestRefusedV1,
  RequestTurnedAwayV1,
  RunnerLoadFailedV1,
  RunnerReloadedV1,
  SafeguardLiftedV1,
  SafeguardPulledV1,
  SafeguardTrippedV1,
  TemplateForgottenV1,
  TemplateLockedV1,
  TemplatePinnedV1,
  TemplateDetectedV1,
  TemplateEvictedV1,
  TemplatesMergedV1,
  TemplateSplitV1,
  TruncationDetectedV1,
} from '@rightsize/optimizer-core';
import { DEFAULT_INSTANCE } from './instance-name.js';

// The classes that the event bus carries, for `@EventsHandler`. Best effort and after the fact: what
// must not be missed is read from the log. Their names are apart from the stored type names.

class Notification<Data> {
  constructor(
    readonly data: Data,
    /** The name of the instance in which it happened. */
    readonly instance: string = DEFAULT_INSTANCE,
  ) {}
}

export class RequestOptimized extends Notification<RequestOptimizedV1> {}

export class RequestCompleted extends Notification<RequestCompletedV1> {}

export class TemplateDetected extends Notification<TemplateDetectedV1> {}

export class TemplateSplit extends Notification<TemplateSplitV1> {}

export class TemplatesMerged extends Notification<TemplatesMergedV1> {}

export class TemplateEvicted extends Notification<TemplateEvictedV1> {}

export class RunnerReloaded extends Notification<RunnerReloadedV1> {}

export class TruncationDetected extends Notification<TruncationDetectedV1> {}

export class RequestRefused extends Notification<RequestRefusedV1> {}

export class PolicyTrained extends Notification<PolicyTrainedV1> {}

export class PolicyActivated extends Notification<PolicyActivatedV1> {}

export class RunnerLoadFailed extends Notification<RunnerLoadFailedV1> {}

export class OperatorActed extends Notification<OperatorActedV1> {}

export class SafeguardTripped extends Notification<SafeguardTrippedV1> {}

export class SafeguardPulled extends Notification<SafeguardPulledV1> {}

export class TemplatePinned extends Notification<TemplatePinnedV1> {}

export class TemplateLocked extends Notification<TemplateLockedV1> {}

export class TemplateForgotten extends Notification<TemplateForgottenV1> {}

export class MachineMemoryChanged extends Notification<MachineMemoryChangedV1> {}

export class RequestTurnedAway extends Notification<RequestTurnedAwayV1> {}

export class SafeguardLifted extends Notification<SafeguardLiftedV1> {}

export function notificationOf(event: DomainEvent, instance?: string): object {
  switch (event.type) {
    case 'request.optimized':
      return new RequestOptimized(event.data, instance);
    case 'request.completed':
      return new RequestCompleted(event.data, instance);
    case 'template.detected':
      return new TemplateDetected(event.data, instance);
    case 'template.split':
      return new TemplateSplit(event.data, instance);
    case 'templates.merged':
      return new TemplatesMerged(event.data, instance);
    case 'template.evicted':
      return new TemplateEvicted(event.data, instance);
    case 'runner.reloaded':
      return new RunnerReloaded(event.data, instance);
    case 'request.refused':
      return new RequestRefused(event.data, instance);
    case 'policy.trained':
      return new PolicyTrained(event.data, instance);
    case 'policy.activated':
      return new PolicyActivated(event.data, instance);
    case 'runner.load-failed':
      return new RunnerLoadFailed(event.data, instance);
    case 'operator.acted':
      return new OperatorActed(event.data, instance);
    case 'safeguard.tripped':
      return new SafeguardTripped(event.data, instance);
    case 'safeguard.pulled':
      return new SafeguardPulled(event.data, instance);
    case 'template.pinned':
      return new TemplatePinned(event.data, instance);
    case 'template.locked':
      return new TemplateLocked(event.data, instance);
    case 'template.forgotten':
      return new TemplateForgotten(event.data, instance);
    case 'machine.memory-changed':
      return new MachineMemoryChanged(event.data, instance);
    case 'request.turned-away':
      return new RequestTurnedAway(event.data, instance);
    case 'safeguard.lifted':
      return new SafeguardLifted(event.data, instance);
    case 'truncation.detected':
      return new TruncationDetected(event.data, instance);
  }
}
