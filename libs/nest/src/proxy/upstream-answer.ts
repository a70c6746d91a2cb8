import { endToEndHeaders } from '@rightsize/ollama';
import type { ExchangeEnd, ExchangeObserver } from '@rightsize/optimizer';
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AnswerDelivery } from './answer-delivery.js';
import { HeldAnswer } from './held-answer.js';

/** What one exchange needs beyond its two ends. */
export interface Exchange {
  readonly response: ServerResponse;
  readonly delivery: AnswerDelivery;
  readonly observer: ExchangeObserver;
  /** Added to the answer's headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: every answer is the client's. Else shown a complete 400 or 500 that the client has not seen; false: it is the client's. */
  readonly reconsider: ((status: number, body: Buffer) => Promise<boolean>) | null;
  /** No answer came, through no fault of the request: true when another attempt is on its way. */
  sendAgain(error: Error): boolean;
  /** No answer came: says so to the client. */
  unreachable(error: Error): void;
}

/**
 * Carries one answer from the upstream to the client as it comes: nothing is held back, and nothing
 * is read ahead of a slow client. Either end going away ends the other.
 */
export class UpstreamAnswer implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #response: ServerResponse;
  #controller: Dispatcher.DispatchController | null = null;
  #held: HeldAnswer | null = null;
  /** A held answer is being reconsidered: whoever leaves now has left what comes instead of it. */
  #isReconsidering = false;
  /** The answer's head has come: no second attempt can be made. */
  #hasBegun = false;
  #isOver = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.#response.once('close', () => this.#clientGone());
    this.#response.on('drain', () => this.#controller?.resume());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The client may have left while the connection was being made.
    if (this.#isOver) controller.abort(new Error('client gone'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusMessage?: string,
  ): void {
    if (status < 200 || this.#isOver) return;
    this.#hasBegun = true;
    const raw = endToEndHeaders(strings(controller.rawHeaders));
    for (const name in this.#exchange.headers) raw.push(name, this.#exchange.headers[name]!);
    if ((status === 400 || status === 500) && this.#exchange.reconsider) {
      this.#held = new HeldAnswer(status, statusMessage, raw);
      return;
    }
    this.#exchange.delivery.begin(status, statusMessage, raw);
    const type = headers['content-type'];
    this.#exchange.observer.head(status, typeof type === 'string' ? type : null);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#held) {
      if (!this.#held.push(chunk)) this.#release(this.#held);
      return;
    }
    if (!this.#exchange.delivery.write(chunk)) controller.pause();
    this.#exchange.observer.chunk(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    if (this.#held) void this.#reconsider(this.#held);
    else this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return;
    // What has arrived is still delivered; that there is no proper end tells the client what a direct one would see.
    if (this.#held) this.#release(this.#held);
    if (this.#response.headersSent) this.#response.socket?.destroySoon();
    else if (!this.#hasBegun && this.#exchange.sendAgain(error)) {
      this.#isOver = true;
      return;
    } else this.#exchange.unreachable(error);
    this.#end('upstream-failed');
  }

  async #reconsider(held: HeldAnswer): Promise<void> {
    this.#isReconsidering = true;
    this.#isOver = await this.#exchange.reconsider!(held.status, held.body);
    this.#isReconsidering = false;
    if (this.#isOver) return;
    if (this.#response.destroyed) return this.#clientGone();
    this.#release(held);
    this.#finish();
  }

  #release(held: HeldAnswer): void {
    this.#held = null;
    held.release(this.#exchange.delivery);
    this.#exchange.observer.head(held.status, null);
    this.#exchange.observer.chunk(held.body);
  }

  #finish(): void {
    this.#exchange.delivery.end();
    this.#end('complete');
  }

  #clientGone(): void {
    if (this.#isOver || this.#isReconsidering) return;
    this.#end('client-aborted');
    this.#controller?.abort(new Error('client gone'));
  }

  #end(how: ExchangeEnd): void {
    this.#isOver = true;
    this.#exchange.observer.end(how);
  }
}

function strings(raw: unknown): string[] {
  return Array.isArray(raw)
    ? raw.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')))
    : [];
}
