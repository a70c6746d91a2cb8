import { Command } from '@nestjs/cqrs';
import type { Exchange } from '../exchange.js';
import type { OptimizeInput } from '../rightsize-service.contract.js';

/**
 * Decides the window of one request. Else it is sent as it came: `off` is set for its model or client,
 * or it is none of ours to decide (`leave`).
 */
export class OptimizeRequest extends Command<Exchange | 'off' | 'leave'> {
  constructor(
    readonly requestId: string,
    readonly input: OptimizeInput,
  ) {
    super();
  }
}
