import type { IncomingMessage, ServerResponse } from 'node:http';
import { begin } from './reply.js';

export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** What stood where the route's pattern has `:name`, decoded. */
  readonly parameter: string;
}

export type Handler = (call: Call) => Promise<void> | void;

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** A path; its last segment may be a parameter, `:name`. */
  readonly path: string;
  readonly handle: Handler;
}

function plain(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  begin(res, status, { ...headers, 'Content-Type': 'text/plain', 'Content-Length': String(Buffer.byteLength(body)) });
  res.end(body);
}

function match(route: Route, path: string): string | null {
  const colon = route.path.indexOf(':');
  if (colon < 0) return route.path === path ? '' : null;
  const rest = path.slice(colon);
  return path.startsWith(route.path.slice(0, colon)) && rest !== '' && !rest.includes('/') ? decode(rest) : null;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Of a body that nobody reads, Go reads so much before it answers, bytes: its sender gets to see the answer. */
const DISCARDED_BYTES = 256 * 2 ** 10;

async function discardBody(req: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > DISCARDED_BYTES) return;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Finds the route of a request; answers 404 and 405 as gin does. */
export async function dispatch(routes: readonly Route[], req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?')[0] ?? '/';
  const here = routes.flatMap((route) => {
    const parameter = match(route, path);
    return parameter === null ? [] : [{ route, parameter }];
  });
  const found = here.find(({ route }) => route.method === req.method);
  const isRead = found?.route.method === 'POST' || found?.route.method === 'DELETE';
  if (!isRead && hasBody(req)) await discardBody(req);
  if (found !== undefined) return found.route.handle({ req, res, parameter: found.parameter });
  if (here.length === 0) return plain(res, 404, '404 page not found');
  // HEAD stands first where both are known, as gin lists them.
  const allowed = here.map(({ route }) => route.method).sort((a, b) => (a === 'HEAD' ? -1 : b === 'HEAD' ? 1 : 0));
  return plain(res, 405, '405 method not allowed', { Allow: allowed.join(', ') });
}
