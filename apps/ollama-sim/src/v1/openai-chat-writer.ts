import type { ServerResponse } from 'node:http';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece, ToolCall } from '../engine/answer-writer.js';
import { goJson } from '../go/json-text.js';
import { sendJsonLine } from '../http/reply.js';
import { translateError } from './openai-error.js';
import { nextNumber, nowSeconds } from './sequence.js';
import { EventStream } from './sse.js';
import { openAiUsage } from './usage.js';

function toolCalls(calls: readonly ToolCall[]): unknown {
  if (calls.length === 0) return undefined;
  return calls.map((call, index) => ({
    id: call.id,
    index,
    type: 'function',
    function: { name: call.name, arguments: goJson(call.arguments) },
  }));
}

/** POST /v1/chat/completions */
export class OpenAiChatWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #model: string;
  readonly #usage: boolean;
  readonly #events: EventStream;
  readonly #id = `chatcmpl-${nextNumber(999)}`;
  readonly #created = nowSeconds();
  #first = true;

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

  empty(): void {
    // The route refuses requests without messages, so only a rendered prompt can come here.
    translateError(this.#res, 500, 'nothing to answer');
  }

  pieces(pieces: readonly Piece[]): void {
    this.#events.data(
      pieces.map((piece) => {
        const reasoning = piece.kind === 'thinking' ? piece.text : undefined;
        return this.#chunk({ content: piece.kind === 'content' ? piece.text : '', reasoning }, null);
      }),
    );
  }

  finish(answer: FinishedAnswer): void {
    const called = answer.toolCalls.length > 0 && answer.final.doneReason === 'stop';
    const reason = called ? 'tool_calls' : answer.final.doneReason;
    if (!this.streams) return this.#whole(answer, reason);
    if (this.#first || answer.toolCalls.length > 0) {
      this.#events.data([this.#chunk({ content: '', tool_calls: toolCalls(answer.toolCalls) }, null)]);
    }
    const last = this.#chunk({}, reason);
    this.#events.data(this.#usage ? [last, { ...last, choices: [], usage: openAiUsage(answer) }] : [last]);
    return this.#events.done();
  }

  fail(status: number, message: string, _source: FaultSource): void {
    if (!this.#events.started) return translateError(this.#res, status, message);
    return this.#events.end();
  }

  #chunk(delta: object, finish: string | null): object {
    const role = this.#first && finish === null ? { role: 'assistant' } : {};
    this.#first = false;
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#model,
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, delta: { ...role, ...delta }, finish_reason: finish }],
    };
  }

  #whole(answer: FinishedAnswer, finish: string): void {
    const message = {
      role: 'assistant',
      content: answer.content,
      reasoning: answer.thinking || undefined,
      tool_calls: toolCalls(answer.toolCalls),
    };
    return sendJsonLine(this.#res, 200, {
      id: this.#id,
      object: 'chat.completion',
      created: this.#created,
      model: this.#model,
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, message, finish_reason: finish }],
      usage: openAiUsage(answer),
    });
  }
}
