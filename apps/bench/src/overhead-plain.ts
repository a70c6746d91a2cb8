/**
 * The plain pass-through to compare with: the gateway's stack (node:http and an undici pool) doing
 * what any proxy must, and nothing else. `node overhead-plain.js UPSTREAM` prints its URL.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endToEndHeaders } from '@rightsize/ollama';
import { Pool, type Dispatcher } from 'undici';

const upstream = new URL(process.argv[2]!);
const pool = new Pool(upstream.origin, { headersTimeout: 0, bodyTimeout: 0 });
const HOST = new Set(['host']);

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.on('drain', () => controller.resume());
    this.#response.once('close', () => controller.abort(new Error('closed')));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = (controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1'));
    this.#response.writeHead(status, endToEndHeaders(raw));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

const server = createServer((request, response) => {
  const headers = endToEndHeaders(request.rawHeaders, HOST);
  headers.push('host', upstream.host);
  const body = request.headers['content-length'] ? request : null;
  pool.dispatch({ path: request.url!, method: request.method as 'GET', headers, body }, new Relay(response));
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
