import type { ServerResponse } from 'node:http';
import type { AnswerWriter, FaultSource, FinishedAnswer, Piece, ToolCall } from '../engine/answer-writer.js';
import { goJson } from '../go/json-text.js';
import { sendJsonLine } from '../http/reply.js';
import { translateError } from './openai-error.js';
import { nextNumber, nowSeconds } from './sequence.js';
import { EventStream } from './sse.js';

/** What a response repeats of its request. */
export interface ResponsesRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly instructions: string | null;
  readonly maxOutputTokens: number | null;
  readonly temperature: number;
  readonly topP: number;
  readonly tools: readonly unknown[];
  readonly truncation: string;
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** POST /v1/responses */
export class ResponsesWriter implements AnswerWriter {
  readonly streams: boolean;
  readonly #res: ServerResponse;
  readonly #request: ResponsesRequest;
  readonly #events: EventStream;
  readonly #number = nextNumber(999_999);
  readonly #created = nowSeconds();
  #sequence = 0;
  #index = 0;
  #thinking = '';
  #content = '';
  #thinkingOpen = false;
  #contentOpen = false;

  constructor(res: ServerResponse, request: ResponsesRequest) {
    this.#res = res;
    this.#request = request;
    this.streams = request.stream;
    this.#events = new EventStream(res, true);
  }

  empty(): void {
    translateError(this.#res, 500, 'nothing to answer');
  }

  pieces(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    this.#send([...this.#start(), ...pieces.flatMap((piece) => this.#piece(piece))]);
  }

  finish(answer: FinishedAnswer): void {
    if (!this.streams) return sendJsonLine(this.#res, 200, this.#response('completed', this.#output(answer), answer));
    const output = this.#output(answer);
    this.#send([
      ...this.#start(),
      ...this.#endThinking(),
      ...this.#endContent(),
      ...answer.toolCalls.flatMap((call) => this.#call(call)),
      { type: 'response.completed', response: this.#response('completed', output, answer) },
    ]);
    return this.#events.end();
  }

  fail(status: number, message: string, _source: FaultSource): void {
    if (!this.#events.started) return translateError(this.#res, status, message);
    return this.#events.end();
  }

  #send(events: readonly Event[]): void {
    const numbered = events.map((event) => {
      const sequence = this.#sequence;
      this.#sequence += 1;
      return { ...event, sequence_number: sequence };
    });
    this.#events.events(numbered, true);
  }

  #start(): Event[] {
    if (this.#events.started) return [];
    const response = this.#response('in_progress', [], null);
    return [
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ];
  }

  #piece(piece: Piece): Event[] {
    return piece.kind === 'thinking' ? this.#thought(piece.text) : this.#words(piece.text);
  }

  #thought(delta: string): Event[] {
    const at = { item_id: `rs_${this.#number}`, output_index: this.#index };
    const item = { id: at.item_id, type: 'reasoning', summary: [] };
    const opening: Event[] = this.#thinkingOpen
      ? []
      : [{ type: 'response.output_item.added', output_index: this.#index, item }];
    this.#thinkingOpen = true;
    this.#thinking += delta;
    return [...opening, { type: 'response.reasoning_summary_text.delta', ...at, summary_index: 0, delta }];
  }

  #words(delta: string): Event[] {
    const before = this.#endThinking();
    const at = { item_id: `msg_${this.#number}`, output_index: this.#index, content_index: 0 };
    const item = { id: at.item_id, type: 'message', status: 'in_progress', role: 'assistant', content: [] };
    const opening: Event[] = this.#contentOpen
      ? []
      : [
          { type: 'response.output_item.added', output_index: this.#index, item },
          { type: 'response.content_part.added', ...at, part: textPart('') },
        ];
    this.#contentOpen = true;
    this.#content += delta;
    return [...before, ...opening, { type: 'response.output_text.delta', ...at, delta, logprobs: [] }];
  }

  #endThinking(): Event[] {
    if (!this.#thinkingOpen) return [];
    this.#thinkingOpen = false;
    const at = { item_id: `rs_${this.#number}`, output_index: this.#index };
    const item = this.#reasoningItem(this.#thinking);
    this.#index += 1;
    return [
      { type: 'response.reasoning_summary_text.done', ...at, summary_index: 0, text: this.#thinking },
      { type: 'response.output_item.done', output_index: at.output_index, item },
    ];
  }

  #endContent(): Event[] {
    if (!this.#contentOpen) return [];
    this.#contentOpen = false;
    const at = { item_id: `msg_${this.#number}`, output_index: this.#index, content_index: 0 };
    this.#index += 1;
    return [
      { type: 'response.output_text.done', ...at, text: this.#content, logprobs: [] },
      { type: 'response.content_part.done', ...at, part: textPart(this.#content) },
      { type: 'response.output_item.done', output_index: at.output_index, item: this.#messageItem(this.#content) },
    ];
  }

  #call(call: ToolCall): Event[] {
    const item = this.#callItem(call);
    const at = { item_id: `fc_${this.#number}_0`, output_index: this.#index };
    this.#index += 1;
    const argumentsText = goJson(call.arguments);
    return [
      {
        type: 'response.output_item.added',
        output_index: at.output_index,
        item: { ...item, status: 'in_progress', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', ...at, delta: argumentsText },
      { type: 'response.function_call_arguments.done', ...at, arguments: argumentsText },
      { type: 'response.output_item.done', output_index: at.output_index, item },
    ];
  }

  #reasoningItem(text: string): object {
    return {
      id: `rs_${this.#number}`,
      type: 'reasoning',
      summary: [{ type: 'summary_text', text }],
      encrypted_content: text,
    };
  }

  #messageItem(text: string): object {
    return {
      id: `msg_${this.#number}`,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [textPart(text)],
    };
  }

  #callItem(call: ToolCall): object {
    return {
      id: `fc_${this.#number}_0`,
      type: 'function_call',
      status: 'completed',
      call_id: call.id,
      name: call.name,
      arguments: goJson(call.arguments),
    };
  }

  #output(answer: FinishedAnswer): object[] {
    const items: object[] = [];
    if (answer.thinking !== '') items.push(this.#reasoningItem(answer.thinking));
    if (answer.toolCalls.length > 0) items.push(...answer.toolCalls.map((call) => this.#callItem(call)));
    else items.push(this.#messageItem(answer.content));
    return items;
  }

  #response(status: string, output: readonly object[], answer: FinishedAnswer | null): object {
    const request = this.#request;
    return {
      id: `resp_${this.#number}`,
      object: 'response',
      created_at: this.#created,
      completed_at: answer === null ? null : nowSeconds(),
      status,
      incomplete_details: null,
      model: request.model,
      previous_response_id: null,
      instructions: request.instructions,
      output,
      error: null,
      tools: request.tools,
      tool_choice: 'auto',
      truncation: request.truncation,
      parallel_tool_calls: true,
      text: { format: { type: 'text' } },
      top_p: request.topP,
      presence_penalty: 0,
      frequency_penalty: 0,
      top_logprobs: 0,
      temperature: request.temperature,
      reasoning: null,
      usage: answer === null ? null : responsesUsage(answer),
      max_output_tokens: request.maxOutputTokens,
      max_tool_calls: null,
      store: false,
      background: false,
      service_tier: 'default',
      metadata: {},
      safety_identifier: null,
      prompt_cache_key: null,
    };
  }
}

function responsesUsage(answer: FinishedAnswer): object {
  const { promptTokens, outputTokens } = answer.final;
  return {
    input_tokens: promptTokens,
    output_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    input_tokens_details: { cached_tokens: answer.cachedTokens ?? 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
}
