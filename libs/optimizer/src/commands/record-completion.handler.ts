import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  judgeCompletion,
  rawPromptTokens,
  type DomainEvent,
  type RequestCompletedV1,
  type RunnerReloadedV1,
  type TruncationDetectedV1,
} from '@rightsize/optimizer-core';
import { Clock } from '../clock.js';
import { EventLog } from '../event-log.js';
import type { Exchange } from '../exchange.js';
import type { Outcome } from '../exchange-observer.js';
import { RecentDecisions } from '../recent-decisions.js';
import { RunnerTracker } from '../runner-tracker.js';
import { RecordCompletion } from './record-completion.command.js';

@CommandHandler(RecordCompletion)
export class RecordCompletionHandler implements ICommandHandler<RecordCompletion> {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
  ) {}

  async execute({ exchange, outcome }: RecordCompletion): Promise<void> {
    const { requestId } = exchange;
    const atMs = this.clock.nowMs();
    const completed = completionOf(exchange, outcome, atMs);
    const judgement = judgeCompletion({
      ...completed,
      end: outcome.end,
      done: outcome.ending.kind === 'final',
      streamError: outcome.ending.kind === 'error',
      preload: exchange.features.preload,
      numPredict: exchange.features.numPredict,
      promptEstimate: exchange.decision.inputs.promptEstimate,
    });
    const events: DomainEvent[] = [{ type: 'request.completed', data: { ...completed, taints: judgement.taints } }];
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
    for (const event of events) {
      this.log.record(streamOf(event), event, { correlationId: requestId, causationId: exchange.eventId });
    }
    const { status, promptTokens, outputTokens } = completed;
    this.recent.complete(requestId, { status, promptTokens, outputTokens, taints: judgement.taints });
  }
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

function completionOf(
  exchange: Exchange,
  { status, ending }: Outcome,
  atMs: number,
): Omit<RequestCompletedV1, 'taints'> {
  const final = ending.kind === 'final' ? ending.chunk : null;
  return {
    requestId: exchange.requestId,
    model: exchange.model,
    route: exchange.features.route,
    templateId: exchange.templateId,
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
    rawEstimate: rawPromptTokens(exchange.features),
    atMs,
  };
}

function truncationOf(
  exchange: Exchange,
  { requestId, model, templateId, promptTokens, outputTokens, atMs }: Omit<RequestCompletedV1, 'taints'>,
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

function reloadOf(exchange: Exchange, completed: Omit<RequestCompletedV1, 'taints'>): RunnerReloadedV1 {
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
