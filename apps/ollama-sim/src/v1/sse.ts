import type { ServerResponse } from 'node:http';
import { goJson, goMapJson } from '../go/json-text.js';
import { begin } from '../http/reply.js';

/** Server-sent events: a head on the first one, then one block each. */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #headers: Readonly<Record<string, string>>;

  /** `uncached` sends the headers that the named-event routes add. */
  constructor(res: ServerResponse, uncached: boolean) {
    this.#res = res;
    this.#headers = uncached
      ? { 'Cache-Control': 'no-cache', Connection: 'keep-alive', 'Content-Type': 'text/event-stream' }
      : { 'Content-Type': 'text/event-stream' };
  }

  get started(): boolean {
    return this.#res.headersSent;
  }

  /** Events without a name. */
  data(values: readonly unknown[]): void {
    this.#write(values.map((value) => `data: ${goJson(value)}\n\n`).join(''));
  }

  /** Named events; `sortedKeys` prints them as Go prints maps. */
  events(values: readonly { readonly type: string }[], sortedKeys = false): void {
    const print = sortedKeys ? goMapJson : goJson;
    this.#write(values.map((value) => `event: ${value.type}\ndata: ${print(value)}\n\n`).join(''));
  }

  done(): void {
    this.#write('data: [DONE]\n\n');
    this.#res.end();
  }

  end(): void {
    this.#res.end();
  }

  #write(text: string): void {
    if (text === '') return;
    if (!this.#res.headersSent) begin(this.#res, 200, this.#headers);
    this.#res.write(text);
  }
}
