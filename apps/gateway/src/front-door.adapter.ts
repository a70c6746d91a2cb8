import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Paths under this are the gateway's own; everything else is the upstream's. */
const OWN = '/rightsize/';
/** Ollama (Go) reads headers up to 1 MiB; node's 16 KiB would refuse what a direct client may send. */
const MAX_HEADER_BYTES = 2 ** 20;
/** Clients pool connections; who closes first makes the other's next request fail. Ollama never closes. */
const KEEP_ALIVE_MS = 120_000;
const SWEEP_MS = 50;

/** The one path outside that prefix: it is where everybody looks for metrics, and no route of Ollama's. */
const METRICS = '/metrics';

function isOwn(url: string): boolean {
  return url.startsWith(OWN) || url === METRICS || url.startsWith(`${METRICS}?`);
}

/** What takes the requests that are not the gateway's own. */
export interface Front {
  handle(request: IncomingMessage, response: ServerResponse): void;
  refusesContinue(request: IncomingMessage): boolean;
}

/**
 * Nest on express for the gateway's own routes, with the proxy in front of it: the hot path meets
 * neither router nor middleware, whose work per request is more than the proxy's own.
 */
export class FrontDoorAdapter extends ExpressAdapter {
  /** Read when it stops: it can change at run time. */
  readonly #options: { readonly drainMs: number };
  /** Connections on which nothing was ever asked: node does not count them as idle. */
  readonly #unused = new Set<Socket>();
  readonly #connections = new Set<Socket>();
  #front: Front | null = null;

  constructor(options: { readonly drainMs: number }) {
    super();
    this.#options = options;
    this.getInstance<{ disable(name: string): void }>().disable('x-powered-by');
  }

  handOver(front: Front): void {
    this.#front = front;
  }

  override initHttpServer(): void {
    const own = this.getInstance<(request: IncomingMessage, response: ServerResponse) => void>();
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      this.#unused.delete(request.socket);
      if (this.#front && !isOwn(request.url!)) this.#front.handle(request, response);
      else own(request, response);
    });
    // An upload of gigabytes takes the time it takes.
    server.requestTimeout = 0;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.maxHeadersCount = 0;
    server.on('connection', (socket: Socket) => {
      this.#unused.add(socket);
      this.#connections.add(socket);
      socket.once('close', () => {
        this.#unused.delete(socket);
        this.#connections.delete(socket);
      });
    });
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      if (!this.#front?.refusesContinue(request)) response.writeContinue();
      server.emit('request', request, response);
    });
    this.httpServer = server as typeof this.httpServer;
  }

  /** Stops accepting, closes idle connections, and after a bounded time the busy ones too. */
  override async close(): Promise<void> {
    const server = this.httpServer as Server;
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#unused) socket.destroy();
    // A kept-alive connection becomes idle when its answer ends, and nobody else would close it then.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const limit = setTimeout(() => server.closeAllConnections(), this.#options.drainMs);
    // The server is closed a turn before its connections are, and exchanges that were cut off learn of it last.
    const gone = [...this.#connections].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    await Promise.all([closed, ...gone]);
    clearInterval(sweep);
    clearTimeout(limit);
  }
}
