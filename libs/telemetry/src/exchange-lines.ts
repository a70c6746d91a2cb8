import type { DomainEvent } from '@rightsize/optimizer-core';
import { Exchanges } from './exchanges.js';

/** One ended request for the log: what headers and events say of it under the same `requestId`, and no text of it. */
export interface ExchangeLine {
  readonly msg: 'request';
  readonly requestId: string;
  readonly model: string;
  readonly route: string;
  readonly client: string | null;
  readonly rule: string;
  readonly numCtx: number | null;
  readonly status: number;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  readonly taints: readonly string[];
  readonly ms: number;
}

/** Turns events into log lines. */
export class ExchangeLines {
  readonly #exchanges = new Exchanges(() => undefined);

  see(event: DomainEvent): ExchangeLine | null {
    const exchange = this.#exchanges.take(event);
    if (!exchange) return null;
    const { optimized, completed } = exchange;
    const { requestId, model, route, client, decision } = optimized;
    const { status, promptTokens, outputTokens, taints } = completed;
    const { rule, numCtx } = decision;
    const ms = completed.atMs - optimized.atMs;
    return {
      msg: 'request',
      requestId,
      model,
      route,
      client,
      rule,
      numCtx,
      status,
      promptTokens,
      outputTokens,
      taints,
      ms,
    };
  }
}
