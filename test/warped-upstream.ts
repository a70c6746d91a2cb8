import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is not as it is at the server behind. */
export interface Warp {
  /** Rewrites what `/api/ps` shows; null: there is no such route. */
  ps?: (models: readonly Record<string, unknown>[]) => readonly Record<string, unknown>[] | null;
  /** Rewrites the text of the last message: a tokenizer that counts more, or less, than anybody would guess. */
  content?: (text: string) => string;
}

/** A request that came through. */
export interface Exchange {
  readonly path: string;
  readonly body: string;
  /** `left`: the client hung up before the answer was whole. */
  readonly end: Promise<'complete' | 'left'>;
}

export interface WarpedUpstream {
  readonly url: string;
  readonly warp: Warp;
  /** Oldest first. */
  readonly exchanges: Exchange[];
  /** Where to; may be set anew, as a server that comes back somewhere else. */
  target: string;
  close(): Promise<void>;
}

/** A server that tells less than the one behind it, or something else. */
export async function startWarped(target: string, warp: Warp = {}): Promise<WarpedUpstream> {
  const state = { target, warp, exchanges: [] as Exchange[] };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = warpedBody(Buffer.concat(chunks), request.url!, state.warp);
      const headers = { ...request.headers, host: new URL(state.target).host, 'content-length': String(body.length) };
      delete headers['transfer-encoding'];
      const onwards = httpRequest(`${state.target}${request.url}`, { method: request.method!, headers, agent: false });
      const end = new Promise<'complete' | 'left'>((resolve) =>
        response.once('close', () => {
          onwards.destroy();
          resolve(response.writableFinished ? 'complete' : 'left');
        }),
      );
      state.exchanges.push({ path: request.url!, body: body.toString(), end });
      onwards.on('error', () => response.destroy());
      onwards.on('response', (answer) => {
        answer.on('error', () => response.destroy());
        if (request.url !== '/api/ps' || !state.warp.ps) {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
          return;
        }
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => {
          const models = state.warp.ps!((JSON.parse(text) as { models: Record<string, unknown>[] }).models);
          if (models === null) response.writeHead(404).end('404 page not found');
          else response.writeHead(200).end(JSON.stringify({ models }));
        });
      });
      onwards.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(state, { url: `http://127.0.0.1:${port}`, close });
}

function warpedBody(body: Buffer, url: string, { content }: Warp): Buffer {
  if (!content || url !== '/api/chat') return body;
  const parsed = JSON.parse(body.toString()) as { messages: { content: string }[] };
  const last = parsed.messages.at(-1)!;
  last.content = content(last.content);
  return Buffer.from(JSON.stringify(parsed));
}
