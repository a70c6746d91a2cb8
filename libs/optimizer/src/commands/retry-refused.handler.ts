import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { rawPromptTokens, type Decision } from '@rightsize/optimizer-core';
import { Backend } from '../backend.js';
import { Clock } from '../clock.js';
import { DecideInTurn } from '../decide-in-turn.js';
import { EventLog } from '../event-log.js';
import type { Exchange } from '../exchange.js';
import { RecentDecisions } from '../recent-decisions.js';
import { impose } from './impose.js';
import { RetryRefused } from './retry-refused.command.js';

/** The first refusal counts exactly; a second can only mean that somebody changed the runner meanwhile. */
const MAX_RETRIES = 2;

@CommandHandler(RetryRefused)
export class RetryRefusedHandler implements ICommandHandler<RetryRefused> {
  constructor(
    @Inject(DecideInTurn) private readonly turns: DecideInTurn,
    @Inject(Backend) private readonly backend: Backend,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
  ) {}

  async execute({ exchange, refusal }: RetryRefused): Promise<Exchange | null> {
    const { requestId, model, templateId, features, eventId } = exchange;
    const window = exchange.decision.numCtx;
    const { pass, ticket } = exchange;
    if (window === null || pass === null || ticket === null) return null;
    this.backend.noticeRefusing(true);
    // It takes a loaded runner to count.
    ticket.refused();
    // A server that gives no number says only that the prompt is longer than its window.
    const exactPromptTokens = refusal.promptTokens ?? 2 * window;
    pass.asked = { ...pass.asked, exactPromptTokens, atLeast: window, need: null };
    const decided = await this.turns.decide(pass.asked, pass, pass.again());
    if (decided === null) return null;
    const { batch } = decided;
    const next = nextAttempt({ ...exchange, batch }, decided.decision, exactPromptTokens, window);
    this.log.record(
      `request-${requestId}`,
      {
        type: 'request.refused',
        data: {
          requestId,
          model,
          templateId,
          window,
          promptTokens: refusal.promptTokens,
          rawEstimate: rawPromptTokens(features),
          next: next?.decision ?? null,
          atMs: this.clock.nowMs(),
        },
      },
      { correlationId: requestId, causationId: eventId },
    );
    if (next === null) {
      decided.ticket?.ended();
      return null;
    }
    this.recent.redecide(requestId, next.decision);
    const heldMs = exchange.heldMs + decided.heldMs;
    return { ...exchange, ...next, batch, runner: decided.runner, ticket: decided.ticket, heldMs };
  }
}

type Attempt = Pick<Exchange, 'decision' | 'body' | 'overflow' | 'refusals' | 'cutBy'>;

/** A larger window while there is one; else, where the client allows it, the largest, and the server cuts. */
function nextAttempt(exchange: Exchange, decision: Decision, exact: number, refusedAt: number): Attempt | null {
  const refusals = exchange.refusals + 1;
  const larger = decision.numCtx !== null && decision.numCtx > refusedAt ? decision.numCtx : null;
  if (larger !== null && larger > exact && refusals <= MAX_RETRIES) {
    const body = impose(exchange.original, larger, exchange.batch?.value ?? null, exchange.overflow);
    return body && { decision, body, overflow: exchange.overflow, refusals, cutBy: 0 };
  }
  if (exchange.overflow === 'refuse-client') return null;
  const window = larger ?? refusedAt;
  const body = impose(exchange.original, window, exchange.batch?.value ?? null, 'cut');
  const cutBy = Math.max(1, exact - window);
  return body && { decision: { ...decision, numCtx: window }, body, overflow: 'cut', refusals, cutBy };
}
