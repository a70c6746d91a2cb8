import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { hostNameOf, isLoopbackName } from '@rightsize/optimizer-admin';

/** Names that Ollama itself answers to when it listens on loopback only. */
const LOCAL_SUFFIXES = ['.localhost', '.local', '.internal'];

/**
 * Whether a request may be served by the name it used. Ollama on a loopback address refuses foreign
 * names, because a web page can rebind its own name to 127.0.0.1. Upstream sees the upstream's name
 * (what a direct client would have sent), so the gateway has to keep that guard where it listens on
 * loopback itself. Addresses cannot be rebound.
 */
export function answersTo(header: string, listensOnLoopback: boolean): boolean {
  if (!listensOnLoopback) return true;
  const name = hostNameOf(header);
  if (name === '' || isLoopbackName(name) || isIP(name) !== 0 || name === hostname().toLowerCase()) return true;
  return LOCAL_SUFFIXES.some((suffix) => name.endsWith(suffix));
}
