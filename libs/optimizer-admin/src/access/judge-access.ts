import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AdminOptions } from '../admin-options.js';
import { isFromThisMachine } from './loopback.js';

export type Access =
  /** `by` is what audit events say of who it was. */
  | { readonly kind: 'granted'; readonly by: 'key' | 'read-key' | 'local' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forbidden'; readonly why: string };

/** Who is it, and may they? Closed unless something opens it. */
export function judgeAccess(request: IncomingMessage, scope: 'read' | 'write', options: AdminOptions): Access {
  const { origin } = request.headers;
  // A page that this machine's browser shows can send, even if it cannot read the answer.
  if (origin !== undefined && !options.origins.includes(origin) && !isOwn(origin, request)) {
    return { kind: 'forbidden', why: `pages of ${origin} may not ask` };
  }
  if (options.key === null && options.readKey === null) {
    if (isFromThisMachine(request)) return { kind: 'granted', by: 'local' };
    return { kind: 'forbidden', why: 'only for clients on this machine as long as there is no admin.key' };
  }
  const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) return { kind: 'unknown' };
  if (isSame(given, options.key)) return { kind: 'granted', by: 'key' };
  if (!isSame(given, options.readKey)) return { kind: 'unknown' };
  return scope === 'read'
    ? { kind: 'granted', by: 'read-key' }
    : { kind: 'forbidden', why: 'this key may read, not change' };
}

/** Hashed first: comparing takes as long whatever the lengths and the letters are. */
function isSame(given: string, key: string | null): boolean {
  return timingSafeEqual(digest(given), digest(key ?? '')) && key !== null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isOwn(origin: string, { headers }: IncomingMessage): boolean {
  return URL.canParse(origin) && new URL(origin).host === headers.host;
}
