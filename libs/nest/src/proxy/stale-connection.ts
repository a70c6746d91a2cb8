import type { IncomingMessage } from 'node:http';

/**
 * Whether a connection was found closed when a request was sent on it: a server that restarts leaves
 * such connections behind. It had answered before (`bytesRead`), and to this request it said nothing.
 */
export function wasStale(error: Error): boolean {
  const { code, socket } = error as Error & { code?: string; socket?: { bytesRead?: number } };
  return code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0;
}

/** Whether sending it twice does no harm: reads, and completions, whose body is at hand; never a pull, create or delete. */
export function isRepeatable({ method }: IncomingMessage, body: Buffer | IncomingMessage | null): boolean {
  return Buffer.isBuffer(body) || (body === null && (method === 'GET' || method === 'HEAD'));
}
