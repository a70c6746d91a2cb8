import { goJson } from '../go-json.js';
import { EVENT_HEADERS, JSON_HEADERS, type DialectWriter } from './dialect-writer.js';
import type { NativeAnswer, NativeToolCall } from './native-answer.js';
import { openAiError, openAiErrorBody } from './openai-error.js';
import { openAiUsage } from './openai-usage.js';
import { numberedId, nowSeconds } from './ids.js';

interface ChatCall {
  readonly stream: boolean;
  /** `stream_options.include_usage`: one more event at the end. */
  readonly usage: boolean;
}

/** The answers of `/v1/chat/completions`. */
export class ChatWriter implements DialectWriter {
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly #usage: boolean;
  readonly #id = numberedId('chatcmpl-', 999);
  /** Every chunk bears the time of the first. */
  #created: number | null = null;
  #first = true;
  #called = false;

  constructor({ stream, usage }: ChatCall) {
    this.streams = stream;
    this.headers = stream ? EVENT_HEADERS : JSON_HEADERS;
    this.#usage = usage;
  }

  event(answer: NativeAnswer): string {
    this.#created ??= answer.created ?? nowSeconds();
    let events = '';
    if (!answer.done || this.#first || says(answer)) for (const delta of this.#deltas(answer)) events += data(delta);
    if (!answer.done) return events;
    const reason = answer.doneReason === '' ? 'stop' : answer.doneReason;
    const last = this.#chunk(answer, {}, reason === 'stop' && this.#called ? 'tool_calls' : reason);
    events += data(last);
    if (this.#usage) events += data({ ...last, choices: [], usage: openAiUsage(answer) });
    return `${events}data: [DONE]\n\n`;
  }

  whole(answer: NativeAnswer): string {
    const calls = toolCalls(answer.toolCalls);
    const reason = answer.doneReason === 'stop' && calls !== undefined ? 'tool_calls' : answer.doneReason;
    const message = {
      role: answer.role,
      content: answer.content,
      reasoning: answer.thinking || undefined,
      tool_calls: calls,
    };
    const body = {
      id: this.#id,
      object: 'chat.completion',
      created: answer.created ?? nowSeconds(),
      model: answer.model,
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, message, finish_reason: reason || null, logprobs: logprobs(answer) }],
      usage: openAiUsage(answer),
    };
    return `${goJson(body)}\n`;
  }

  error(status: number, message: string): string {
    return openAiErrorBody(status, message);
  }

  streamError(message: string): string {
    return data(openAiError(500, message));
  }

  /** Thoughts and words that came together go out one after the other. */
  #deltas(answer: NativeAnswer): object[] {
    const role = this.#first ? { role: 'assistant' } : {};
    this.#first = false;
    const { content, thinking } = answer;
    const calls = toolCalls(answer.toolCalls);
    this.#called ||= calls !== undefined;
    if (thinking !== '' && (content !== '' || calls !== undefined)) {
      return [
        this.#chunk(answer, { ...role, reasoning: thinking }, null, logprobs(answer)),
        this.#chunk(answer, { content, tool_calls: calls }, null),
      ];
    }
    const delta = { ...role, content, reasoning: thinking || undefined, tool_calls: calls };
    return [this.#chunk(answer, delta, null, logprobs(answer))];
  }

  #chunk(answer: NativeAnswer, delta: object, finish: string | null, probabilities?: object): object {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: answer.model,
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, delta, finish_reason: finish, logprobs: probabilities }],
    };
  }
}

function says({ content, thinking, toolCalls: calls, logprobs: probabilities }: NativeAnswer): boolean {
  return content !== '' || thinking !== '' || calls.length > 0 || probabilities.length > 0;
}

function logprobs(answer: NativeAnswer): object | undefined {
  return answer.logprobs.length === 0 ? undefined : { content: answer.logprobs };
}

/** Undefined when there are none. */
export function toolCalls(calls: readonly NativeToolCall[]): object[] | undefined {
  if (calls.length === 0) return undefined;
  return calls.map((call) => ({
    id: call.id,
    index: call.index,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));
}

function data(value: object): string {
  return `data: ${goJson(value)}\n\n`;
}
