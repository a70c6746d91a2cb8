import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from './routes.js';

/** Port: is told how long requests take in here. */
export interface ProxyWatch {
  /** Between the whole request and its sending upstream. */
  sentUpstream(seconds: number): void;
  /** From the request to the end of its answer. `route` is one of few. */
  answered(route: string, status: number, seconds: number): void;
}

const ROUTES: ReadonlySet<string> = new Set([
  '/api/chat',
  '/api/generate',
  '/api/embed',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/embeddings',
]);

/** Tells the watch when the answer has ended, however it did. */
export function timeAnswer(watch: ProxyWatch, request: IncomingMessage, response: ServerResponse): void {
  const began = performance.now();
  const path = pathOf(request.url!);
  response.once('close', () => {
    const seconds = (performance.now() - began) / 1000;
    watch.answered(ROUTES.has(path) ? path : 'other', response.headersSent ? response.statusCode : 0, seconds);
  });
}
