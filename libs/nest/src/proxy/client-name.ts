import type { IncomingHttpHeaders } from 'node:http';

const MAX_LENGTH = 64;

/** Who asks: what it calls itself in `x-rightsize-client`, else the product of its user agent, else null. */
export function clientName(headers: IncomingHttpHeaders): string | null {
  const given = headers['x-rightsize-client'];
  const name = typeof given === 'string' ? given : (headers['user-agent'] ?? '').split(/[/\s(;]/, 1)[0]!;
  return (
    name
      .replace(/[^\x20-\x7e]/g, '')
      .trim()
      .slice(0, MAX_LENGTH) || null
  );
}
