import { Command } from '@nestjs/cqrs';
import type { Exchange } from '../exchange.js';
import type { Outcome } from '../exchange-observer.js';

/** The exchange is over: what became of the request is appended to the log. */
export class RecordCompletion extends Command<void> {
  constructor(
    readonly exchange: Exchange,
    readonly outcome: Outcome,
    /** When the exchange ended, milliseconds since the epoch. */
    readonly atMs: number,
  ) {
    super();
  }
}
