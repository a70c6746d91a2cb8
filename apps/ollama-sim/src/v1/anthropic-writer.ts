import type { ServerResponse } from 'node:http';
import { digestOf } from '@rightsize/ollama-model';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece, ToolCall } from '../engine/answer-writer.js';
import { goJson } from '../go/json-text.js';
import { sendJson, sendJsonLine } from '../http/reply.js';
import { nextNumber } from './sequence.js';
import { EventStream } from './sse.js';

function uniqueId(prefix: string): string {
  return `${prefix}_${digestOf(`${prefix} ${nextNumber(1e9)}`).slice(0, 24)}`;
}

export function anthropicError(status: number, message: string): object {
  const types: Readonly<Record<number, string>> = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    403: 'permission_error',
    404: 'not_found_error',
    429: 'rate_limit_error',
    503: 'overloaded_error',
  };
  return { type: 'error', error: { type: types[status] ?? 'api_error', message }, request_id: uniqueId('req') };
}

/** A request that was refused before it was translated. */
export function refuseAnthropic(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, anthropicError(status, message));
}

function usage(answer: FinishedAnswer): object {
  const { promptTokens, outputTokens } = answer.final;
  return {
    input_tokens: promptTokens - (answer.cachedTokens ?? 0),
    cache_read_input_tokens: answer.cachedTokens ?? undefined,
    output_tokens: outputTokens,
  };
}

function stopReason(answer: FinishedAnswer): string {
  if (answer.toolCalls.length > 0) return 'tool_use';
  return answer.final.doneReason === 'length' ? 'max_tokens' : 'end_turn';
}

type BlockKind = 'thinking' | 'text';

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** POST /v1/messages */
export class AnthropicWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #model: string;
  readonly #estimate: number;
  readonly #events: EventStream;
  readonly #id = uniqueId('msg');
  #index = 0;
  #open: BlockKind | null = null;

  /** `estimate`: input tokens as the first event gives them, before anything was counted. */
  constructor(
    res: ServerResponse,
    request: { readonly model: string; readonly stream: boolean; readonly estimate: number },
  ) {
    this.#res = res;
    this.#model = request.model;
    this.#estimate = request.estimate;
    this.streams = request.stream;
    this.#events = new EventStream(res, true);
  }

  empty(): void {
    this.fail(500, 'nothing to answer', 'server');
  }

  pieces(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    this.#events.events([...this.#start(), ...pieces.flatMap((piece) => this.#delta(piece))]);
  }

  finish(answer: FinishedAnswer): void {
    if (!this.streams) return this.#whole(answer);
    this.#events.events([
      ...this.#start(),
      ...(answer.toolCalls.length > 0 ? this.#close() : []),
      ...answer.toolCalls.flatMap((call) => this.#call(call)),
      ...this.#close(),
      { type: 'message_delta', delta: { stop_reason: stopReason(answer) }, usage: usage(answer) },
      { type: 'message_stop' },
    ]);
    return this.#events.end();
  }

  fail(status: number, message: string, _source: FaultSource): void {
    if (!this.#events.started) return sendJsonLine(this.#res, status, anthropicError(status, message));
    return this.#events.end();
  }

  #start(): Event[] {
    if (this.#events.started) return [];
    const message = {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content: [],
      usage: { input_tokens: this.#estimate, output_tokens: 0 },
    };
    return [{ type: 'message_start', message }];
  }

  #delta(piece: Piece): Event[] {
    const kind: BlockKind = piece.kind === 'thinking' ? 'thinking' : 'text';
    const events: Event[] = [];
    if (this.#open !== kind) {
      events.push(...this.#close());
      this.#open = kind;
      const block = kind === 'thinking' ? { type: kind, thinking: '' } : { type: kind, text: '' };
      events.push({ type: 'content_block_start', index: this.#index, content_block: block });
    }
    const delta =
      kind === 'thinking' ? { type: 'thinking_delta', thinking: piece.text } : { type: 'text_delta', text: piece.text };
    events.push({ type: 'content_block_delta', index: this.#index, delta });
    return events;
  }

  #close(): Event[] {
    if (this.#open === null) return [];
    this.#open = null;
    this.#index += 1;
    return [{ type: 'content_block_stop', index: this.#index - 1 }];
  }

  #call(call: ToolCall): Event[] {
    const index = this.#index;
    this.#index += 1;
    const block = { type: 'tool_use', id: call.id, name: call.name, input: {} };
    const delta = { type: 'input_json_delta', partial_json: goJson(call.arguments) };
    return [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ];
  }

  #whole(answer: FinishedAnswer): void {
    const content: object[] = [];
    if (answer.thinking !== '') content.push({ type: 'thinking', thinking: answer.thinking });
    if (answer.content !== '') content.push({ type: 'text', text: answer.content });
    for (const call of answer.toolCalls) {
      content.push({ type: 'tool_use', id: call.id, name: call.name, input: call.arguments });
    }
    return sendJsonLine(this.#res, 200, {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content,
      stop_reason: stopReason(answer),
      usage: usage(answer),
    });
  }
}
