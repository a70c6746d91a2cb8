import { readNativeAnswer, type DialectWriter } from '@rightsize/ollama';
import type { ServerResponse } from 'node:http';
import { flushSoon, type AnswerDelivery } from './answer-delivery.js';
import { LineSplitter } from './line-splitter.js';

/** Headers that speak of the native body. */
const OF_THE_BODY: ReadonlySet<string> = new Set(['content-type', 'content-length', 'cache-control']);
/** An answer that is no stream is one object; whatever is larger than this, bytes, is not Ollama's. */
const MAX_WHOLE_BYTES = 256 * 2 ** 20;

/**
 * In the dialect in which was asked: a stream event by event as its lines come, everything else when it
 * is complete. Throws a RangeError when the upstream's answer cannot be one.
 */
export class TranslatedDelivery implements AnswerDelivery {
  readonly #response: ServerResponse;
  readonly #writer: DialectWriter;
  readonly #lines = new LineSplitter();
  readonly #whole: Buffer[] = [];
  #wholeBytes = 0;
  #head: { readonly status: number; readonly message: string | undefined; readonly headers: string[] } | null = null;
  #isStream = false;
  /** An error was told, and nothing may follow it. */
  #hasFailed = false;

  constructor(response: ServerResponse, writer: DialectWriter) {
    this.#response = response;
    this.#writer = writer;
  }

  begin(status: number, statusMessage: string | undefined, headers: readonly string[]): void {
    const kept: string[] = [];
    for (let at = 0; at + 1 < headers.length; at += 2) {
      if (!OF_THE_BODY.has(headers[at]!.toLowerCase())) kept.push(headers[at]!, headers[at + 1]!);
    }
    this.#isStream = status === 200 && this.#writer.streams;
    if (status === 200) for (const [name, value] of Object.entries(this.#writer.headers)) kept.push(name, value);
    if (!this.#isStream) {
      this.#head = { status, message: statusMessage, headers: kept };
      return;
    }
    this.#response.writeHead(status, statusMessage, kept);
    flushSoon(this.#response);
  }

  write(chunk: Buffer): boolean {
    if (this.#isStream) return this.#events(this.#lines.push(chunk));
    this.#wholeBytes += chunk.length;
    if (this.#wholeBytes > MAX_WHOLE_BYTES) throw new RangeError('an answer has no end');
    this.#whole.push(chunk);
    return true;
  }

  end(): void {
    if (this.#isStream) {
      this.#events(this.#lines.end());
      this.#response.end();
      return;
    }
    const { status, message, headers } = this.#head!;
    const body = Buffer.concat(this.#whole, this.#wholeBytes);
    // No route has answered: a page of another origin is refused before them, without a word.
    const isWordless = status !== 200 && body.length === 0;
    const text = isWordless ? '' : this.#translate(status, body);
    if (status !== 200 && !isWordless) headers.push('Content-Type', 'application/json');
    headers.push('Content-Length', String(Buffer.byteLength(text)));
    this.#response.writeHead(status, message, headers);
    this.#response.end(text);
  }

  #events(lines: readonly Buffer[]): boolean {
    let text = '';
    for (const line of lines) {
      if (this.#hasFailed) break;
      const answer = readNativeAnswer(line);
      if (answer === null) throw new RangeError('a line of an answer is no JSON object');
      this.#hasFailed = answer.error !== null;
      text += answer.error === null ? this.#writer.event(answer) : this.#writer.streamError(answer.error);
    }
    return text === '' || this.#response.write(text);
  }

  #translate(status: number, body: Buffer): string {
    const answer = readNativeAnswer(body);
    // What is no object of Ollama's is told as it stands, as Ollama does.
    if (status !== 200) return this.#writer.error(status, answer === null ? body.toString() : (answer.error ?? ''));
    if (answer === null) throw new RangeError('an answer is no JSON object');
    return this.#writer.whole(answer);
  }
}
