import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Decision } from '@rightsize/optimizer-core';
import { Clock } from '../clock.js';
import { DecideInTurn, type Decided } from '../decide-in-turn.js';
import { EventLog } from '../event-log.js';
import type { Exchange } from '../exchange.js';
import { MachineView } from '../machine-view.js';
import { RecentDecisions } from '../recent-decisions.js';
import { RunnerTracker } from '../runner-tracker.js';
import { impose } from './impose.js';
import { RetryFailedLoad } from './retry-failed-load.command.js';

/** Windows that are tried after the first has failed; then the request goes as it came. */
const MAX_STEPS = 1;

/**
 * A window that is too much for the server is remembered, and a smaller one is tried, once. Where that fails
 * too, the client gets what it would have got without us.
 */
@CommandHandler(RetryFailedLoad)
export class RetryFailedLoadHandler implements ICommandHandler<RetryFailedLoad> {
  constructor(
    @Inject(DecideInTurn) private readonly turns: DecideInTurn,
    @Inject(MachineView) private readonly machine: MachineView,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
  ) {}

  async execute({ exchange, cause }: RetryFailedLoad): Promise<Exchange | null> {
    const { model, decision, pass, ticket } = exchange;
    const numBatch = exchange.batch?.value ?? null;
    const window = decision.numCtx;
    if (!exchange.imposed || window === null || pass === null || ticket === null) return null;
    // A batch that was being tried is to blame before the window is.
    if (numBatch === null) this.machine.noteFailure(model, window);
    ticket.unloaded();
    const failedLoads = exchange.failedLoads + 1;
    const maySucceed = numBatch !== null || exchange.failedLoads < MAX_STEPS;
    const decided = maySucceed ? await this.turns.decide(pass.asked, pass, pass.again(), false) : null;
    const next = decided && this.attempt(exchange, decided, window, failedLoads);
    if (next === null) decided?.ticket?.ended();
    this.record(exchange, window, cause, next?.decision ?? null);
    return next ?? this.asItCame(exchange, failedLoads);
  }

  private attempt(exchange: Exchange, decided: Decided, failedAt: number, failedLoads: number): Exchange | null {
    const { decision, runner, ticket, batch } = decided;
    const window = decision.numCtx;
    const isAnother = window !== null && (window < failedAt || exchange.batch?.value != null);
    if (!isAnother || ticket === null) return null;
    const body = impose(exchange.original, window, batch?.value ?? null, exchange.overflow);
    if (body === null) return null;
    this.recent.redecide(exchange.requestId, decision);
    const heldMs = exchange.heldMs + decided.heldMs;
    return { ...exchange, decision, runner, ticket, body, batch, failedLoads, heldMs };
  }

  private asItCame(exchange: Exchange, failedLoads: number): Exchange {
    exchange.pass?.leave();
    this.runners.distrust();
    const decision: Decision = { ...exchange.decision, numCtx: null, rule: 'leave' };
    this.recent.redecide(exchange.requestId, decision);
    return {
      ...exchange,
      decision,
      runner: null,
      body: exchange.original,
      imposed: false,
      overflow: 'cut',
      cutBy: 0,
      batch: null,
      failedLoads,
      ticket: null,
      pass: null,
    };
  }

  private record(
    { requestId, model, batch, eventId }: Exchange,
    window: number,
    cause: RetryFailedLoad['cause'],
    next: Decision | null,
  ): void {
    const numBatch = batch?.value ?? null;
    const data = { requestId, model, window, numBatch, cause, next, atMs: this.clock.nowMs() };
    this.log.record(
      `request-${requestId}`,
      { type: 'runner.load-failed', data },
      { correlationId: requestId, causationId: eventId },
    );
  }
}
