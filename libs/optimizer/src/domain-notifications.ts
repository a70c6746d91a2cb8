import type {
  DomainEvent,
  OperatorActedV1,
  PolicyActivatedV1,
  PolicyTrainedV1,
  RequestCompletedV1,
  RequestOptimizedV1,
  RequestRefusedV1,
  RunnerLoadFailedV1,
  RunnerReloadedV1,
  SafeguardLiftedV1,
  SafeguardTrippedV1,
  TemplateDetectedV1,
  TemplateEvictedV1,
  TemplatesMergedV1,
  TemplateSplitV1,
  TruncationDetectedV1,
} from '@rightsize/optimizer-core';

// The classes that the event bus carries, for `@EventsHandler`. Best effort and after the fact: what
// must not be missed is read from the log. Their names are apart from the stored type names.

export class RequestOptimized {
  constructor(readonly data: RequestOptimizedV1) {}
}

export class RequestCompleted {
  constructor(readonly data: RequestCompletedV1) {}
}

export class TemplateDetected {
  constructor(readonly data: TemplateDetectedV1) {}
}

export class TemplateSplit {
  constructor(readonly data: TemplateSplitV1) {}
}

export class TemplatesMerged {
  constructor(readonly data: TemplatesMergedV1) {}
}

export class TemplateEvicted {
  constructor(readonly data: TemplateEvictedV1) {}
}

export class RunnerReloaded {
  constructor(readonly data: RunnerReloadedV1) {}
}

export class TruncationDetected {
  constructor(readonly data: TruncationDetectedV1) {}
}

export class RequestRefused {
  constructor(readonly data: RequestRefusedV1) {}
}

export class PolicyTrained {
  constructor(readonly data: PolicyTrainedV1) {}
}

export class PolicyActivated {
  constructor(readonly data: PolicyActivatedV1) {}
}

export class RunnerLoadFailed {
  constructor(readonly data: RunnerLoadFailedV1) {}
}

export class OperatorActed {
  constructor(readonly data: OperatorActedV1) {}
}

export class SafeguardTripped {
  constructor(readonly data: SafeguardTrippedV1) {}
}

export class SafeguardLifted {
  constructor(readonly data: SafeguardLiftedV1) {}
}

export function notificationOf(event: DomainEvent): object {
  switch (event.type) {
    case 'request.optimized':
      return new RequestOptimized(event.data);
    case 'request.completed':
      return new RequestCompleted(event.data);
    case 'template.detected':
      return new TemplateDetected(event.data);
    case 'template.split':
      return new TemplateSplit(event.data);
    case 'templates.merged':
      return new TemplatesMerged(event.data);
    case 'template.evicted':
      return new TemplateEvicted(event.data);
    case 'runner.reloaded':
      return new RunnerReloaded(event.data);
    case 'request.refused':
      return new RequestRefused(event.data);
    case 'policy.trained':
      return new PolicyTrained(event.data);
    case 'policy.activated':
      return new PolicyActivated(event.data);
    case 'runner.load-failed':
      return new RunnerLoadFailed(event.data);
    case 'operator.acted':
      return new OperatorActed(event.data);
    case 'safeguard.tripped':
      return new SafeguardTripped(event.data);
    case 'safeguard.lifted':
      return new SafeguardLifted(event.data);
    case 'truncation.detected':
      return new TruncationDetected(event.data);
  }
}
