import { Command } from '@nestjs/cqrs';
import type { Exchange } from '../exchange.js';
import type { OptimizeInput } from '../rightsize-service.contract.js';

/**
 * Why there is nothing decided to send. As it came goes what is `off` for its model or client, and what is
 * none of ours to decide (`leave`). Not at all: `busy`, too many are held already; `gone`, the client has left.
 */
export type Unsent = 'off' | 'leave' | 'busy' | 'gone';

/** Decides the window of one request, when it is its turn. */
export class OptimizeRequest extends Command<Exchange | Unsent> {
  constructor(
    readonly requestId: string,
    readonly input: OptimizeInput,
  ) {
    super();
  }
}
