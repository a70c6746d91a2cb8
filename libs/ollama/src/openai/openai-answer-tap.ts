import type { FinalChunk, TapEnding } from '../final-chunk.js';
import { finite, isObject, jsonOrNull, list, text, type JsonObject } from '../json-field.js';
import { readOpenAiRefusal } from './openai-refusal.js';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
const NS_PER_MS = 1e6;

/** An answer or an event longer than this, bytes, is not read: only its counts are missed. */
const MAX_HELD_BYTES = 16 * 2 ** 20;

/**
 * Watches an answer in OpenAI's or Anthropic's dialect go by, whole or as events, and finds how it ends and what it counted: in
 * `usage`, or in the `timings` that llama-server sends in any case. Of events it holds no more than an unfinished
 * line, of what is one object, on one line or many, all of it.
 */
export class OpenAiAnswerTap {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #isTooLong = false;
  /** Null: nothing has come yet. */
  #isOneObject: boolean | null = null;
  #finish: string | null = null;
  #usage: JsonObject = {};
  #timings: JsonObject = {};
  /** llama-server's own route: counts beside the text. */
  #own: JsonObject = {};
  /** Several answers to one request: their counts are of nothing that was asked for. */
  #isSeveral = false;
  #error: Extract<TapEnding, { kind: 'error' }> | null = null;

  push(chunk: Buffer): void {
    this.#isOneObject ??= chunk.length === 0 ? null : chunk[0] === OPEN_BRACE;
    if (this.#isOneObject === true) return this.#hold(chunk);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, at));
      this.#line();
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  /** How the answer ended, from what has been seen so far. */
  get ending(): TapEnding {
    this.#line();
    if (this.#error !== null) return this.#error;
    return this.#finish === null ? { kind: 'none' } : { kind: 'final', chunk: this.#final(this.#finish) };
  }

  #hold(part: Buffer): void {
    this.#restBytes += part.length;
    if (this.#restBytes > MAX_HELD_BYTES) {
      this.#isTooLong = true;
      this.#rest = [];
    } else if (part.length > 0) this.#rest.push(part);
  }

  #line(): void {
    const line = this.#isTooLong ? '' : Buffer.concat(this.#rest).toString().trim();
    this.#rest = [];
    this.#restBytes = 0;
    this.#isTooLong = false;
    const data = line.startsWith('data:') ? line.slice(5).trimStart() : line;
    // What is no JSON object is `[DONE]`, a comment, or another field of an event.
    if (!data.startsWith('{')) return;
    const parsed = jsonOrNull(data);
    if (isObject(parsed)) this.#read(parsed);
  }

  #read(outer: JsonObject): void {
    // The events of the Responses API bear the whole as it is then.
    const object = isObject(outer['response']) ? outer['response'] : outer;
    const { usage, timings, error } = object;
    if (isObject(usage)) this.#usage = usage;
    if (isObject(timings)) this.#timings = timings;
    // vLLM has sent errors without an object around them.
    if (error != null || object['object'] === 'error') this.#error = errorOf(object);
    for (const choice of list(object['choices'])) {
      if (!isObject(choice)) continue;
      if ((finite(choice['index']) ?? 0) > 0) this.#isSeveral = true;
      this.#finishes(choice['finish_reason']);
    }
    const delta = isObject(object['delta']) ? object['delta'] : {};
    this.#finishes(object['stop_reason'] ?? delta['stop_reason']);
    if (isObject(usage)) this.#finishes(object['status']);
    if (object['stop'] === true && 'tokens_predicted' in object) {
      this.#own = object;
      this.#finish = text(object['stop_type']) === 'limit' ? 'length' : 'stop';
    }
  }

  #finishes(reason: unknown): void {
    if (text(reason) !== '') this.#finish = CUT_SHORT.has(reason) ? 'length' : 'stop';
  }

  #final(doneReason: string): FinalChunk {
    const { promptTokens, cachedTokens, outputTokens } = this.#isSeveral ? NOTHING : this.#counts();
    return {
      doneReason,
      totalNs: null,
      loadNs: null,
      promptEvalNs: nanoseconds(this.#timings['prompt_ms']),
      evalNs: nanoseconds(this.#timings['predicted_ms']),
      promptTokens,
      cachedTokens,
      outputTokens,
    };
  }

  /** `usage` first; `timings` count cached tokens apart. Servers of old did not say how many those were. */
  #counts(): Counts {
    const cached = finite(this.#timings['cache_n']);
    const evaluated = finite(this.#timings['prompt_n']);
    const details = this.#usage['prompt_tokens_details'] ?? this.#usage['input_tokens_details'];
    // Anthropic counts cached tokens apart, OpenAI among the others.
    const apart = finite(this.#usage['cache_read_input_tokens']);
    const input = finite(this.#usage['input_tokens']);
    return {
      promptTokens:
        finite(this.#usage['prompt_tokens']) ??
        (input === null ? null : input + (apart ?? 0)) ??
        finite(this.#own['tokens_evaluated']) ??
        (cached === null || evaluated === null ? null : cached + evaluated),
      cachedTokens: cached ?? (isObject(details) ? finite(details['cached_tokens']) : apart),
      outputTokens:
        finite(this.#usage['completion_tokens']) ??
        finite(this.#usage['output_tokens']) ??
        finite(this.#own['tokens_predicted']) ??
        finite(this.#timings['predicted_n']),
    };
  }
}

type Counts = Pick<FinalChunk, 'promptTokens' | 'cachedTokens' | 'outputTokens'>;

/** In the words of chat completions, messages and responses. */
const CUT_SHORT: ReadonlySet<unknown> = new Set(['length', 'max_tokens', 'incomplete']);

const NOTHING: Counts = { promptTokens: null, cachedTokens: null, outputTokens: null };

function errorOf(object: JsonObject): Extract<TapEnding, { kind: 'error' }> {
  const { error } = object;
  const message = isObject(error) ? text(error['message']) : text(error ?? object['message']);
  return { kind: 'error', message, refusal: readOpenAiRefusal(object) };
}

function nanoseconds(ms: unknown): number | null {
  const value = finite(ms);
  return value === null ? null : Math.round(value * NS_PER_MS);
}
