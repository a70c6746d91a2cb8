import { Inject } from '@nestjs/common';
import { CommandHandler, QueryBus, type ICommandHandler } from '@nestjs/cqrs';
import { decide, rawPromptTokens, type Decision } from '@rightsize/optimizer-core';
import { ActivePolicies } from '../active-policies.js';
import { Clock } from '../clock.js';
import { EventLog } from '../event-log.js';
import type { Exchange } from '../exchange.js';
import { GetSizingView } from '../queries/get-sizing-view.query.js';
import { RecentDecisions } from '../recent-decisions.js';
import { RunnerTracker } from '../runner-tracker.js';
import { impose } from './impose.js';
import { RetryRefused } from './retry-refused.command.js';

/** The first refusal counts exactly; a second can only mean that somebody changed the runner meanwhile. */
const MAX_RETRIES = 2;

@CommandHandler(RetryRefused)
export class RetryRefusedHandler implements ICommandHandler<RetryRefused> {
  constructor(
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(ActivePolicies) private readonly policies: ActivePolicies,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RunnerTracker) private readonly runners: RunnerTracker,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
  ) {}

  async execute({ exchange, refusal }: RetryRefused): Promise<Exchange | null> {
    const { requestId, model, templateId, clientWindow, features, eventId } = exchange;
    const window = exchange.decision.numCtx;
    if (window === null) return null;
    // It takes a loaded runner to count.
    exchange.ticket?.answered();
    const view = await this.queries.execute(new GetSizingView(model, templateId, exchange.conversation, exchange.mode));
    // A server that gives no number says only that the prompt is longer than its window.
    const exactPromptTokens = refusal.promptTokens ?? 2 * window;
    const decided = decide({ policy: this.policies.of(model), features, clientWindow, ...view, exactPromptTokens });
    const next = nextAttempt(exchange, decided, exactPromptTokens, window);
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
    if (next === null) return null;
    this.recent.redecide(requestId, next.decision);
    return { ...exchange, ...next, runner: view.runner, ticket: this.runners.ask(model, next.window) };
  }
}

type Attempt = Pick<Exchange, 'decision' | 'body' | 'overflow' | 'refusals' | 'cutBy'> & { readonly window: number };

/** A larger window while there is one; else, where the client allows it, the largest, and the server cuts. */
function nextAttempt(exchange: Exchange, decision: Decision, exact: number, refusedAt: number): Attempt | null {
  const refusals = exchange.refusals + 1;
  const larger = decision.numCtx !== null && decision.numCtx > refusedAt ? decision.numCtx : null;
  if (larger !== null && larger > exact && refusals <= MAX_RETRIES) {
    const body = impose(exchange.original, larger, exchange.overflow);
    return body && { decision, body, overflow: exchange.overflow, refusals, cutBy: 0, window: larger };
  }
  if (exchange.overflow === 'refuse-client') return null;
  const window = larger ?? refusedAt;
  const body = impose(exchange.original, window, 'cut');
  const cutBy = Math.max(1, exact - window);
  return body && { decision: { ...decision, numCtx: window }, body, overflow: 'cut', refusals, cutBy, window };
}
