import { dialectOf, errorBody } from '@rightsize/ollama';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from './routes.js';

/** How long, and how much, of a refused upload is still read so that its sender gets to see the answer. */
const LINGER_MS = 2000;
const LINGER_BYTES = 16 * 2 ** 20;

/** Answers with an error in the caller's dialect. What is left of the request is read and dropped, within bounds. */
export function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  const body = errorBody(dialectOf(pathOf(request.url ?? '')), status, message);
  const whole = request.complete;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(whole ? {} : { connection: 'close' }),
  });
  if (whole || request.destroyed || request.method === 'HEAD' || request.headers.expect !== undefined)
    response.end(body);
  else linger(request, response, body);
}

/**
 * Closing a socket with unread data in it resets the connection, and the sender may lose the answer
 * it has not read yet. So the answer is sent whole, and the end waits.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  let dropped = 0;
  const finish = (): void => {
    clearTimeout(limit);
    request.off('data', drop);
    response.end();
  };
  const drop = (chunk: Buffer): void => {
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) finish();
  };
  const limit = setTimeout(finish, LINGER_MS);
  request.on('data', drop);
  request.once('end', finish);
  request.once('close', finish);
}
