import { Command } from '@nestjs/cqrs';
import type { PromptRefusal } from '@rightsize/ollama';
import type { Exchange } from '../exchange.js';

/** The server would not cut the prompt: decides again, now that it is counted. Null: the refusal is for the caller. */
export class RetryRefused extends Command<Exchange | null> {
  constructor(
    readonly exchange: Exchange,
    readonly refusal: PromptRefusal,
  ) {
    super();
  }
}
