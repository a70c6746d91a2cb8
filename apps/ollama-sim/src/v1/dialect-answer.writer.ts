import type { DialectWriter, NativeAnswer } from '@rightsize/ollama';
import type { ServerResponse } from 'node:http';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece, ToolCall } from '../engine/answer-writer.js';
import { goJson } from '../go/json-text.js';
import { BARE_JSON_TYPE, begin, send } from '../http/reply.js';

/** What a line that says nothing decodes to. */
const NOTHING: NativeAnswer = {
  model: '',
  created: null,
  role: '',
  content: '',
  thinking: '',
  toolCalls: [],
  logprobs: [],
  done: false,
  doneReason: '',
  promptTokens: 0,
  cachedTokens: null,
  outputTokens: 0,
  error: null,
};

/** Another vendor's dialect around a native answer, as the real server has it. */
export class DialectAnswerWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #model: string;
  readonly #dialect: DialectWriter;

  constructor(res: ServerResponse, model: string, dialect: DialectWriter) {
    this.#res = res;
    this.#model = model;
    this.#dialect = dialect;
    this.streams = dialect.streams;
  }

  empty(
    what: { readonly doneReason: 'load' | 'unload' } | { readonly rendered: string; readonly images: number },
  ): void {
    const done = 'doneReason' in what ? { done: true, doneReason: what.doneReason } : {};
    const answer = this.#line(done);
    if (!this.streams) return this.#whole(answer);
    this.#events([answer]);
    this.#res.end();
  }

  pieces(pieces: readonly Piece[]): void {
    this.#events(pieces.map(({ kind, text }) => this.#line({ [kind]: text })));
  }

  finish(answer: FinishedAnswer): void {
    const { final, content, thinking, cachedTokens } = answer;
    const { doneReason, promptTokens, outputTokens } = final;
    const end = { done: true, doneReason, promptTokens, cachedTokens, outputTokens };
    const toolCalls = answer.toolCalls.map(nativeCall);
    if (!this.streams) return this.#whole(this.#line({ content, thinking, toolCalls, ...end }));
    this.#events([...(toolCalls.length > 0 ? [this.#line({ toolCalls })] : []), this.#line(end)]);
    this.#res.end();
  }

  fail(status: number, message: string, _source: FaultSource): void {
    if (!this.#res.headersSent) return send(this.#res, status, BARE_JSON_TYPE, this.#dialect.error(status, message));
    // The real server reads its own error as a line that says nothing.
    this.#events([NOTHING]);
    this.#res.end();
  }

  #line(said: Partial<NativeAnswer>): NativeAnswer {
    return { ...NOTHING, model: this.#model, role: 'assistant', created: Math.floor(Date.now() / 1000), ...said };
  }

  #events(answers: readonly NativeAnswer[]): void {
    const text = answers.map((answer) => this.#dialect.event(answer)).join('');
    if (text === '') return;
    if (!this.#res.headersSent) begin(this.#res, 200, this.#dialect.headers);
    this.#res.write(text);
  }

  #whole(answer: NativeAnswer): void {
    send(this.#res, 200, BARE_JSON_TYPE, this.#dialect.whole(answer));
  }
}

function nativeCall(call: ToolCall, index: number): NativeAnswer['toolCalls'][number] {
  return { id: call.id, index, name: call.name, arguments: goJson(call.arguments) };
}
