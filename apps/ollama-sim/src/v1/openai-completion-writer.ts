import type { ServerResponse } from 'node:http';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece } from '../engine/answer-writer.js';
import { sendJsonLine } from '../http/reply.js';
import { translateError } from './openai-error.js';
import { nextNumber, nowSeconds } from './sequence.js';
import { EventStream } from './sse.js';
import { NO_USAGE, openAiUsage } from './usage.js';

/** POST /v1/completions */
export class OpenAiCompletionWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #model: string;
  readonly #usage: boolean;
  readonly #events: EventStream;
  readonly #id = `cmpl-${nextNumber(999)}`;

  constructor(
    res: ServerResponse,
    request: { readonly model: string; readonly stream: boolean; readonly usage: boolean },
  ) {
    this.#res = res;
    this.#model = request.model;
    this.#usage = request.usage;
    this.streams = request.stream;
    this.#events = new EventStream(res, false);
  }

  /** A request without a prompt loads the model and completes nothing. */
  empty(what: { readonly doneReason: 'load' | 'unload' } | { readonly rendered: string }): void {
    const reason = 'doneReason' in what ? what.doneReason : null;
    return sendJsonLine(this.#res, 200, {
      ...this.#head(),
      model: this.#model,
      system_fingerprint: 'fp_ollama',
      choices: [{ text: '', index: 0, finish_reason: reason }],
      usage: NO_USAGE,
    });
  }

  pieces(pieces: readonly Piece[]): void {
    this.#events.data(pieces.map((piece) => this.#chunk(piece.kind === 'content' ? piece.text : '', null)));
  }

  finish(answer: FinishedAnswer): void {
    const reason = answer.final.doneReason;
    if (!this.streams) {
      return sendJsonLine(this.#res, 200, {
        ...this.#head(),
        model: this.#model,
        system_fingerprint: 'fp_ollama',
        choices: [{ text: answer.content, index: 0, finish_reason: reason }],
        usage: openAiUsage(answer),
      });
    }
    const last = this.#chunk('', reason);
    this.#events.data(this.#usage ? [last, { ...last, choices: [], usage: openAiUsage(answer) }] : [last]);
    return this.#events.done();
  }

  fail(status: number, message: string, _source: FaultSource): void {
    if (!this.#events.started) return translateError(this.#res, status, message);
    return this.#events.end();
  }

  #head(): object {
    return { id: this.#id, object: 'text_completion', created: nowSeconds() };
  }

  #chunk(text: string, finish: string | null): object {
    return {
      ...this.#head(),
      choices: [{ text, index: 0, finish_reason: finish }],
      model: this.#model,
      system_fingerprint: 'fp_ollama',
      usage: this.#usage ? NO_USAGE : undefined,
    };
  }
}
