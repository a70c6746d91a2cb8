import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  countedBefore,
  judgeCompletion,
  rawPromptTokens,
  type DomainEvent,
  type Judgement,
  type RequestCompletedV1,
  type RequestRefusedV1,
  type RunnerReloadedV1,
  type TemplateDetector,
  type TruncationDetectedV1,
} from '@rightsize/optimizer-core';
import { Backend } from '../backend.js';
import { EventLog } from '../event-log.js';
import type { Exchange } from '../exchange.js';
import type { Outcome } from '../exchange-observer.js';
import { ReadModels } from '../projections/read-models.js';
import { RecentDecisions } from '../recent-decisions.js';
import { Detector } from '../rightsize.tokens.js';
import { RunnerTracker } from '../runner-tracker.js';
import { SizingPlans } from '../sizing-plans.js';
import { RecordCompletion } from './record-completion.command.js';

@CommandHandler(RecordCompletion)
export class RecordCompletionHandler implements ICommandHandler<RecordCompletion> {
  constructor(
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(Detector) private readonly detector: TemplateDetector,
    @Inject(Backend) private readonly backend: Backend,
    @Inject(ReadModels) private readonly readModels: ReadModels,
    @Inject(SizingPlans) private readonly plans: SizingPlans,
  ) {}

  async execute({ exchange: asked, outcome, atMs }: RecordCompletion): Promise<void> {
    const { requestId } = asked;
    // Its template may have become part of another while the answer was on its way.
    const templateId = asked.templateId === null ? null : this.detector.resolve(asked.templateId);
    const exchange = { ...asked, templateId };
    const judgement = judge(exchange, outcome, this.countedBefore(exchange));
    this.learnRefusing(exchange, judgement);
    const completed = completionOf(exchange, outcome, judgement.taints, atMs);
    const refused = refusedBy(exchange, outcome, atMs);
    const events: DomainEvent[] = [{ type: 'request.completed', data: completed }];
    if (refused) events.unshift({ type: 'request.refused', data: refused });
    if (judgement.truncation && completed.window !== null) {
      events.push({
        type: 'truncation.detected',
        data: truncationOf(exchange, completed, completed.window, judgement.truncation),
      });
    }
    if (judgement.reload && !joinedLoad(exchange)) {
      events.push({ type: 'runner.reloaded', data: reloadOf(exchange, completed) });
      this.runners.distrust();
    }
    if (exchange.runner?.window === completed.window && completed.loadNs !== null && !joinedLoad(exchange)) {
      exchange.ticket?.pinned(judgement.reload);
    }
    for (const event of events) {
      this.log.record(streamOf(event), event, { correlationId: requestId, causationId: exchange.eventId });
    }
    this.plans.completed(exchange.model);
    const { status, promptTokens, outputTokens, taints } = completed;
    this.recent.complete(requestId, { status, promptTokens, outputTokens, taints });
  }

  /** Only where it may have been cut: what is refused instead of cut needs no signs. */
  private countedBefore(exchange: Exchange): number | null {
    if (isWhole(exchange, this.backend.refusesLongPrompts)) return null;
    return countedBefore(exchange.features, this.readModels.models.get(exchange.model));
  }

  /** A server that cuts what it was told not to cut does not know how to refuse, whatever its version. */
  private learnRefusing(exchange: Exchange, { truncation }: Judgement): void {
    const isCut = truncation?.kind === 'prompt-cut';
    if (isCut && isWhole(exchange, this.backend.refusesLongPrompts)) this.backend.noticeRefusing(false);
  }
}

/** Told not to cut, and not known to do so all the same. */
function isWhole({ imposed, overflow }: Exchange, refuses: boolean): boolean {
  return imposed && overflow !== 'cut' && refuses;
}

function streamOf(event: DomainEvent): string {
  return event.type === 'runner.reloaded'
    ? `runner-${event.data.model}`
    : `request-${(event.data as RequestCompletedV1).requestId}`;
}

/** In what window it ran: what was imposed, else what was loaded when it was sent. */
function windowOf({ imposed, decision, runner }: Exchange): number | null {
  return imposed ? decision.numCtx : (runner?.window ?? null);
}

// Literals, field by field: copying objects of so many fields costs more than all the rest of a completion.

function judge(exchange: Exchange, { end, status, ending }: Outcome, counted: number | null): Judgement {
  const final = ending.kind === 'final' ? ending.chunk : null;
  return judgeCompletion({
    status,
    end,
    done: final !== null,
    streamError: ending.kind === 'error',
    preload: exchange.features.preload,
    doneReason: final?.doneReason ?? null,
    loadNs: final?.loadNs ?? null,
    promptTokens: final?.promptTokens ?? null,
    outputTokens: final?.outputTokens ?? null,
    window: windowOf(exchange),
    numPredict: exchange.features.numPredict,
    promptEstimate: exchange.decision.inputs.promptEstimate,
    countedBefore: counted,
  });
}

function completionOf(
  exchange: Exchange,
  { status, ending }: Outcome,
  taints: RequestCompletedV1['taints'],
  atMs: number,
): RequestCompletedV1 {
  const final = ending.kind === 'final' ? ending.chunk : null;
  return {
    requestId: exchange.requestId,
    model: exchange.model,
    route: exchange.features.route,
    templateId: exchange.templateId,
    conversation: exchange.conversation,
    status,
    doneReason: final?.doneReason ?? null,
    totalNs: final?.totalNs ?? null,
    loadNs: final?.loadNs ?? null,
    promptEvalNs: final?.promptEvalNs ?? null,
    evalNs: final?.evalNs ?? null,
    promptTokens: final?.promptTokens ?? null,
    cachedTokens: final?.cachedTokens ?? null,
    outputTokens: final?.outputTokens ?? null,
    window: windowOf(exchange),
    ...(exchange.imposed && exchange.batch !== null ? { numBatch: exchange.batch.value } : {}),
    rawEstimate: rawPromptTokens(exchange.features),
    taints,
    atMs,
  };
}

/** The server has counted a prompt that its caller has to shorten: nothing else can be sent for it. */
function refusedBy(exchange: Exchange, { ending }: Outcome, atMs: number): RequestRefusedV1 | null {
  const refusal = ending.kind === 'error' ? (ending.refusal ?? null) : null;
  const window = refusal?.window ?? exchange.runner?.window ?? null;
  if (refusal === null || window === null) return null;
  const { requestId, model, templateId, features } = exchange;
  const { promptTokens } = refusal;
  return {
    requestId,
    model,
    templateId,
    window,
    promptTokens,
    rawEstimate: rawPromptTokens(features),
    next: null,
    atMs,
  };
}

function truncationOf(
  exchange: Exchange,
  { requestId, model, templateId, promptTokens, outputTokens, atMs }: RequestCompletedV1,
  window: number,
  found: Pick<TruncationDetectedV1, 'kind' | 'sign'>,
): TruncationDetectedV1 {
  return {
    requestId,
    model,
    templateId,
    ...found,
    window,
    promptTokens: promptTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    promptEstimate: exchange.decision.inputs.promptEstimate,
    atMs,
  };
}

/** It was sent while the same window was being loaded for an earlier request, whose load it is. */
function joinedLoad({ runner, decision }: Exchange): boolean {
  return runner?.source === 'decision' && runner.window === decision.numCtx;
}

function reloadOf(exchange: Exchange, completed: RequestCompletedV1): RunnerReloadedV1 {
  const { runner } = exchange;
  const cause = runner === null ? 'first' : runner.window === completed.window ? 'foreign' : 'decision';
  return {
    requestId: exchange.requestId,
    model: exchange.model,
    fromWindow: runner?.window ?? null,
    toWindow: completed.window,
    loadNs: completed.loadNs ?? 0,
    cause,
    atMs: completed.atMs,
  };
}
