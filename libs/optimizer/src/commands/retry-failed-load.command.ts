import { Command } from '@nestjs/cqrs';
import type { LoadFailure } from '@rightsize/ollama';
import type { Exchange } from '../exchange.js';

/** The server could not load the model as this exchange asked for it. Resolves with the next attempt; null: none is to be made. */
export class RetryFailedLoad extends Command<Exchange | null> {
  constructor(
    readonly exchange: Exchange,
    readonly cause: LoadFailure,
  ) {
    super();
  }
}
