import { goJson } from '../go-json.js';
import { EVENT_HEADERS, JSON_HEADERS, type DialectWriter } from './dialect-writer.js';
import { numberedId, nowSeconds } from './ids.js';
import type { NativeAnswer } from './native-answer.js';
import { openAiError, openAiErrorBody } from './openai-error.js';
import { NO_USAGE, openAiUsage } from './openai-usage.js';

/** The answers of `/v1/completions`. */
export class CompletionWriter implements DialectWriter {
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly #usage: boolean;
  readonly #id = numberedId('cmpl-', 999);

  /** `usage`: every chunk has a field for it, and one more at the end fills it. */
  constructor({ stream, usage }: { readonly stream: boolean; readonly usage: boolean }) {
    this.streams = stream;
    this.headers = stream ? EVENT_HEADERS : JSON_HEADERS;
    this.#usage = usage;
  }

  event(answer: NativeAnswer): string {
    const chunk = this.#body(answer, nowSeconds(), this.#usage ? NO_USAGE : undefined);
    if (!answer.done) return data(chunk);
    const last = this.#usage ? data({ ...chunk, choices: [], usage: openAiUsage(answer) }) : '';
    return `${data(chunk)}${last}data: [DONE]\n\n`;
  }

  whole(answer: NativeAnswer): string {
    return `${goJson(this.#body(answer, answer.created ?? nowSeconds(), openAiUsage(answer)))}\n`;
  }

  error(status: number, message: string): string {
    return openAiErrorBody(status, message);
  }

  streamError(message: string): string {
    return data(openAiError(500, message));
  }

  #body(answer: NativeAnswer, created: number, usage: object | undefined): object {
    return {
      id: this.#id,
      object: 'text_completion',
      created,
      model: answer.model,
      system_fingerprint: 'fp_ollama',
      choices: [{ text: answer.content, index: 0, finish_reason: answer.doneReason || null }],
      usage,
    };
  }
}

function data(value: object): string {
  return `data: ${goJson(value)}\n\n`;
}
