import type { IncomingMessage } from 'node:http';
import type { OptimizeInput } from '@rightsize/optimizer';

/** Writes that never touch a runner or the meaning of a model's name. */
const HARMLESS: ReadonlySet<string> = new Set(['/api/show', '/api/me', '/api/signout', '/api/push']);

/** The path as sent, without the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** What a request to a model is, and in whose words. */
export type RequestKind = Pick<OptimizeInput, 'route' | 'dialect'>;

/** Ollama's own routes. Only the exact path: what the server redirects or does not know is its own affair. */
export function nativeRouteOf(path: string): OptimizeInput['route'] | null {
  return path === '/api/chat' ? 'chat' : path === '/api/generate' ? 'generate' : null;
}

/** The route, unless the request has no body to be read: a compressed one is not, and the server does not either. */
export function inferenceRoute(
  { method, headers }: IncomingMessage,
  route: OptimizeInput['route'] | null,
): OptimizeInput['route'] | null {
  if (method !== 'POST') return null;
  const encoding = headers['content-encoding'];
  return encoding === undefined || encoding === 'identity' ? route : null;
}

/** Whether a request that is not sized may load, reload or redefine a model. Of unknown ones it is assumed. */
export function mayChangeRunner(method: string, path: string): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  return !HARMLESS.has(path) && !path.startsWith('/api/blobs/');
}
