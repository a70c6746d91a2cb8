import { goJson } from '../go-json.js';
import { JSON_HEADERS, NAMED_EVENT_HEADERS, type DialectWriter } from './dialect-writer.js';
import { numberedId, nowSeconds } from './ids.js';
import type { NativeAnswer, NativeToolCall } from './native-answer.js';
import { openAiErrorBody } from './openai-error.js';
import {
  callItem,
  messageItem,
  reasoningItem,
  responseObject,
  responsesUsage,
  textPart,
  type ResponsesEcho,
} from './responses-object.js';

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The answers of `/v1/responses`. */
export class ResponsesWriter implements DialectWriter {
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly #echo: ResponsesEcho;
  readonly #id = numberedId('resp_', 999_999);
  readonly #messageId = numberedId('msg_', 999_999);
  #sequence = 0;
  #isFirst = true;
  /** Place of the current item in the output. Only thoughts and calls move it on, as at the server. */
  #index = 0;
  #thoughtId: string | null = null;
  #thought = '';
  #text: string | null = null;
  #hasCalled = false;
  readonly #output: object[] = [];

  constructor(stream: boolean, echo: ResponsesEcho) {
    this.streams = stream;
    this.headers = stream ? NAMED_EVENT_HEADERS : JSON_HEADERS;
    this.#echo = echo;
  }

  event(answer: NativeAnswer): string {
    const events = this.#start();
    if (answer.thinking !== '') events.push(...this.#think(answer.thinking));
    if (answer.toolCalls.length > 0) events.push(...this.#calls(answer.toolCalls));
    else if (!this.#hasCalled && answer.content !== '') events.push(...this.#say(answer.content));
    if (answer.done) events.push(...this.#complete(answer));
    return this.#print(events);
  }

  whole(answer: NativeAnswer): string {
    const output: object[] = [];
    if (answer.thinking !== '') output.push(reasoningItem(`rs_${this.#id}`, answer.thinking));
    if (answer.toolCalls.length === 0) output.push(messageItem(this.#messageId, answer.content));
    else output.push(...answer.toolCalls.map((call, at) => callItem(`fc_${this.#id}_${at}`, call)));
    const created = answer.created ?? nowSeconds();
    const usage = responsesUsage(answer);
    const state = { id: this.#id, status: 'completed' as const, created, completed: nowSeconds(), output, usage };
    return `${goJson(responseObject(this.#echo, state, false))}\n`;
  }

  error(status: number, message: string): string {
    return openAiErrorBody(status, message);
  }

  streamError(message: string): string {
    const response = this.#response('failed', [], null, { code: 'server_error', message });
    return this.#print([...this.#start(), { type: 'response.failed', response }]);
  }

  #start(): Event[] {
    if (!this.#isFirst) return [];
    this.#isFirst = false;
    const response = this.#response('in_progress', [], null);
    return [
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ];
  }

  #think(delta: string): Event[] {
    const opening: Event[] = [];
    if (this.#thoughtId === null) {
      this.#thoughtId = numberedId('rs_', 999_999);
      const item = { id: this.#thoughtId, type: 'reasoning', summary: [] };
      opening.push({ type: 'response.output_item.added', output_index: this.#index, item });
    }
    this.#thought += delta;
    const at = { item_id: this.#thoughtId, output_index: this.#index, summary_index: 0 };
    return [...opening, { type: 'response.reasoning_summary_text.delta', ...at, delta }];
  }

  #endThought(): Event[] {
    if (this.#thoughtId === null) return [];
    const at = { item_id: this.#thoughtId, output_index: this.#index };
    const text = this.#thought;
    const item = reasoningItem(this.#thoughtId, text);
    this.#output.push(item);
    this.#thoughtId = null;
    this.#thought = '';
    this.#index += 1;
    return [
      { type: 'response.reasoning_summary_text.done', ...at, summary_index: 0, text },
      { type: 'response.output_item.done', output_index: at.output_index, item },
    ];
  }

  #say(delta: string): Event[] {
    const events = this.#endThought();
    const at = this.#textPlace();
    if (this.#text === null) {
      const item = { id: this.#messageId, type: 'message', status: 'in_progress', role: 'assistant', content: [] };
      events.push(
        { type: 'response.output_item.added', output_index: this.#index, item },
        { type: 'response.content_part.added', ...at, part: textPart('') },
      );
    }
    this.#text = (this.#text ?? '') + delta;
    return [...events, { type: 'response.output_text.delta', ...at, delta, logprobs: [] }];
  }

  #textPlace(): object {
    return { item_id: this.#messageId, output_index: this.#index, content_index: 0 };
  }

  #calls(calls: readonly NativeToolCall[]): Event[] {
    this.#hasCalled = true;
    return [...this.#endThought(), ...calls.flatMap((call, nth) => this.#call(call, nth))];
  }

  #call(call: NativeToolCall, nth: number): Event[] {
    const at = { item_id: `${numberedId('fc_', 999_999)}_${nth}`, output_index: this.#index };
    const item = callItem(at.item_id, call);
    this.#output.push(item);
    this.#index += 1;
    return [
      {
        type: 'response.output_item.added',
        output_index: at.output_index,
        item: { ...item, status: 'in_progress', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', ...at, delta: call.arguments },
      { type: 'response.function_call_arguments.done', ...at, arguments: call.arguments },
      { type: 'response.output_item.done', output_index: at.output_index, item },
    ];
  }

  /** Text that a call followed is never closed, but part of the output; so the server has it. */
  #complete(answer: NativeAnswer): Event[] {
    const events = this.#endThought();
    const text = this.#text;
    const output = text === null ? this.#output : [...this.#output, messageItem(this.#messageId, text)];
    if (text !== null && !this.#hasCalled) {
      const at = this.#textPlace();
      events.push(
        { type: 'response.output_text.done', ...at, text, logprobs: [] },
        { type: 'response.content_part.done', ...at, part: textPart(text) },
        { type: 'response.output_item.done', output_index: this.#index, item: messageItem(this.#messageId, text) },
      );
    }
    const response = this.#response('completed', output, responsesUsage(answer));
    return [...events, { type: 'response.completed', response }];
  }

  #response(
    status: 'in_progress' | 'completed' | 'failed',
    output: readonly object[],
    usage: object | null,
    error?: object,
  ): object {
    const created = nowSeconds();
    const completed = status === 'completed' ? created : null;
    const state = { id: this.#id, status, created, completed, output, usage, ...(error && { error }) };
    return responseObject(this.#echo, state, true);
  }

  #print(events: readonly Event[]): string {
    let text = '';
    for (const event of events) {
      text += `event: ${event.type}\ndata: ${goJson({ ...event, sequence_number: this.#sequence })}\n\n`;
      this.#sequence += 1;
    }
    return text;
  }
}
