import { isObject, list, text, type JsonObject } from '../json-field.js';
import { JsonText } from '../json-text.js';

/** A call that the model wants made. */
export interface NativeToolCall {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  /** A JSON object, as the server printed it. */
  readonly arguments: string;
}

/** One object of a native answer: a line of a stream, or the whole. Of chat and generate alike. */
export interface NativeAnswer {
  readonly model: string;
  /** Seconds since the epoch; null when it does not say. */
  readonly created: number | null;
  readonly role: string;
  readonly content: string;
  readonly thinking: string;
  readonly toolCalls: readonly NativeToolCall[];
  readonly logprobs: readonly unknown[];
  readonly done: boolean;
  readonly doneReason: string;
  readonly promptTokens: number;
  /** Null on servers that do not say. */
  readonly cachedTokens: number | null;
  readonly outputTokens: number;
  /** Set when this is the error that ends a stream. */
  readonly error: string | null;
}

/** Reads one object of a native answer; null when it is none. */
export function readNativeAnswer(json: Buffer): NativeAnswer | null {
  let fields: unknown;
  try {
    fields = JSON.parse(json.toString('utf8'));
  } catch {
    return null;
  }
  if (!isObject(fields)) return null;
  const message = isObject(fields['message']) ? fields['message'] : fields;
  const created = Date.parse(text(fields['created_at']));
  return {
    model: text(fields['model']),
    created: Number.isNaN(created) ? null : Math.floor(created / 1000),
    role: text(message['role']),
    content: text(message['content'] ?? fields['response']),
    thinking: text(message['thinking']),
    toolCalls: toolCallsOf(json, list(message['tool_calls'])),
    logprobs: list(fields['logprobs']),
    done: fields['done'] === true,
    doneReason: text(fields['done_reason']),
    promptTokens: count(fields['prompt_eval_count']) ?? 0,
    cachedTokens: count(fields['prompt_eval_cached_count']),
    outputTokens: count(fields['eval_count']) ?? 0,
    error: fields['error'] === undefined ? null : text(fields['error']),
  };
}

function toolCallsOf(json: Buffer, calls: readonly unknown[]): NativeToolCall[] {
  if (calls.length === 0) return [];
  const texts = new JsonText(json).member('message')?.member('tool_calls')?.items;
  return calls.map((call, at) => {
    const fields = isObject(call) ? call : {};
    const called: JsonObject = isObject(fields['function']) ? fields['function'] : {};
    return {
      id: text(fields['id']),
      index: count(called['index']) ?? 0,
      name: text(called['name']),
      arguments: texts?.[at]?.member('function')?.member('arguments')?.toString() ?? '{}',
    };
  });
}

function count(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
