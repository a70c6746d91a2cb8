import { Command } from '@nestjs/cqrs';
import type { Exchange } from '../exchange.js';
import type { OptimizeInput } from '../rightsize-service.contract.js';

/** Decides the window of one request; null: none of ours to decide, send it as it came. */
export class OptimizeRequest extends Command<Exchange | null> {
  constructor(
    readonly requestId: string,
    readonly input: OptimizeInput,
  ) {
    super();
  }
}
