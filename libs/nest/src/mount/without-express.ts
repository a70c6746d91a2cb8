import type { ServerResponse } from 'node:http';

/**
 * Express has put its name there, which is no header of the server's. And node, once a header was set, lets a head
 * that is written as a list have each name only once.
 */
export function withoutExpress(response: ServerResponse): void {
  response.removeHeader('x-powered-by');
  const writeHead = response.writeHead.bind(response) as (status: number, message?: string) => ServerResponse;
  response.writeHead = ((status: number, ...rest: [message?: string | Heads, heads?: Heads]) => {
    const message = typeof rest[0] === 'string' ? rest.shift() : undefined;
    const heads = (rest[0] ?? rest[1] ?? []) as Heads;
    const pairs = Array.isArray(heads) ? pairsOf(heads as readonly string[]) : Object.entries(heads);
    for (const [name, value] of pairs) response.appendHeader(name, String(value));
    return message === undefined ? writeHead(status) : writeHead(status, message as string);
  }) as ServerResponse['writeHead'];
}

type Heads = readonly string[] | Readonly<Record<string, string | number>>;

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at]!, raw[at + 1]!]);
  return pairs;
}
