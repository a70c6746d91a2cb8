import { goJson, RawJson } from '../go-json.js';
import { JSON_HEADERS, NAMED_EVENT_HEADERS, type DialectWriter } from './dialect-writer.js';
import { randomId } from './ids.js';
import type { NativeAnswer, NativeToolCall } from './native-answer.js';

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
};

/** Anthropic's error object, with the type that Ollama derives from the status. */
export function anthropicError(status: number, message: string): object {
  return {
    type: 'error',
    error: { type: ERROR_TYPES[status] ?? 'api_error', message },
    request_id: randomId('req'),
  };
}

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

type Kind = 'thinking' | 'text';

/** The answers of `/v1/messages`. */
export class MessagesWriter implements DialectWriter {
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly #model: string;
  readonly #estimate: number;
  readonly #id = randomId('msg');
  readonly #called = new Set<string>();
  #isFirst = true;
  #index = 0;
  #open: Kind | null = null;
  /** Thoughts that come after something else was said are dropped. */
  #hasThought = false;

  /** `estimate`: input tokens as a stream's first event gives them, before anything was counted. */
  constructor(request: { readonly model: string; readonly stream: boolean; readonly estimate: number }) {
    this.#model = request.model;
    this.#estimate = request.estimate;
    this.streams = request.stream;
    this.headers = request.stream ? NAMED_EVENT_HEADERS : JSON_HEADERS;
  }

  event(answer: NativeAnswer): string {
    const events = this.#isFirst ? [this.#start(answer)] : [];
    this.#isFirst = false;
    if (answer.thinking !== '' && !this.#hasThought) events.push(...this.#says('thinking', answer.thinking));
    if (answer.content !== '') events.push(...this.#says('text', answer.content));
    for (const call of answer.toolCalls) if (!this.#called.has(call.id)) events.push(...this.#call(call));
    if (answer.done) {
      events.push(
        ...this.#close(),
        {
          type: 'message_delta',
          delta: { stop_reason: stopReason(answer, this.#called.size > 0) },
          usage: usageOf(answer),
        },
        { type: 'message_stop' },
      );
    }
    return events.map(print).join('');
  }

  whole(answer: NativeAnswer): string {
    const content: object[] = [];
    if (answer.thinking !== '') content.push({ type: 'thinking', thinking: answer.thinking });
    if (answer.content !== '') content.push({ type: 'text', text: answer.content });
    for (const { id, name, arguments: input } of answer.toolCalls) {
      content.push({ type: 'tool_use', id: id || undefined, name: name || undefined, input: new RawJson(input) });
    }
    const message = {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: answer.model,
      content: content.length === 0 ? null : content,
      stop_reason: stopReason(answer, answer.toolCalls.length > 0),
      usage: usageOf(answer),
    };
    return `${goJson(message)}\n`;
  }

  error(status: number, message: string): string {
    return `${goJson(anthropicError(status, message))}\n`;
  }

  streamError(message: string): string {
    return print({ type: 'error', error: { type: 'api_error', message } });
  }

  #start(answer: NativeAnswer): Event {
    const { input_tokens: counted, cache_read_input_tokens: cached } = usageOf(answer);
    const nothing = counted === 0 && (cached ?? 0) === 0 && this.#estimate > 0;
    const message = {
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content: [],
      usage: {
        input_tokens: nothing ? this.#estimate : counted,
        cache_read_input_tokens: cached,
        output_tokens: 0,
      },
    };
    return { type: 'message_start', message };
  }

  #says(kind: Kind, text: string): Event[] {
    const events: Event[] = [];
    if (this.#open !== kind) {
      events.push(...this.#close());
      this.#open = kind;
      events.push({ type: 'content_block_start', index: this.#index, content_block: { type: kind, [kind]: '' } });
    }
    events.push({ type: 'content_block_delta', index: this.#index, delta: { type: `${kind}_delta`, [kind]: text } });
    return events;
  }

  #close(): Event[] {
    if (this.#open === null) return [];
    if (this.#open === 'thinking') this.#hasThought = true;
    this.#open = null;
    this.#index += 1;
    return [{ type: 'content_block_stop', index: this.#index - 1 }];
  }

  #call({ id, name, arguments: input }: NativeToolCall): Event[] {
    this.#called.add(id);
    const closing = this.#close();
    const index = this.#index;
    this.#index += 1;
    const block = { type: 'tool_use', id: id || undefined, name: name || undefined, input: {} };
    return [
      ...closing,
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: input } },
      { type: 'content_block_stop', index },
    ];
  }
}

function print(event: Event): string {
  return `event: ${event.type}\ndata: ${goJson(event)}\n\n`;
}

function usageOf({ promptTokens, cachedTokens, outputTokens }: NativeAnswer) {
  const total = Math.max(0, promptTokens);
  const cached = cachedTokens === null ? undefined : Math.min(Math.max(0, cachedTokens), total);
  return { input_tokens: total - (cached ?? 0), cache_read_input_tokens: cached, output_tokens: outputTokens };
}

function stopReason({ doneReason }: NativeAnswer, called: boolean): string | undefined {
  if (called) return 'tool_use';
  switch (doneReason) {
    case '':
      return undefined;
    case 'stop':
      return 'end_turn';
    case 'length':
      return 'max_tokens';
    default:
      return 'stop_sequence';
  }
}
