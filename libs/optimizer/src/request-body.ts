import type { InferenceRoute } from '@rightsize/optimizer-core';
import type { OptimizeInput } from './rightsize-service.contract.js';

/** A body of `/api/chat` or `/api/generate`: as it came, or parsed. Bytes keep every number as it was written. */
export type RequestBody = Buffer | string | object;

/** What is known of a request beside its body. */
export interface RequestContext {
  /** @default by the body: `chat` when it has messages, else `generate` */
  readonly route?: InferenceRoute;
  /** Who asks, for statistics and settings of clients. @default null — not known */
  readonly client?: string | null;
  /** Leave it as it is. @default false */
  readonly skip?: boolean;
  /** Aborted when the client leaves: a request that is held back leaves the queue then. */
  readonly signal?: AbortSignal;
}

/** The input of a request whose body may be parsed already. */
export function inputOf(body: RequestBody, context: RequestContext): OptimizeInput {
  const { client = null, skip = false, signal } = context;
  const route = context.route ?? (hasMessages(body) ? 'chat' : 'generate');
  return { route, body: bytesOf(body), client, skip, ...(signal ? { signal } : {}) };
}

/** As bytes: a buffer is itself. */
export function bytesOf(body: RequestBody): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function hasMessages(body: RequestBody): boolean {
  try {
    const parsed = (Buffer.isBuffer(body) || typeof body === 'string' ? JSON.parse(String(body)) : body) as object;
    return 'messages' in parsed;
  } catch {
    // Whatever it is, it goes upstream as it came.
    return false;
  }
}
