import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { endToEndHeaders } from '@rightsize/ollama';
import type { ExchangeObserver, OptimizeInput, Optimized, RightsizeDoor } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { GatewayOptions } from '../gateway-options.js';
import { isLoopbackName } from '../loopback.js';
import { clientName } from './client-name.js';
import { declaresMoreThan, readUpload, type Upload } from './inference-upload.js';
import { refuse } from './refusal.js';
import { inferenceRoute, mayChangeRunner, pathOf } from './routes.js';
import { isRepeatable, wasStale } from './stale-connection.js';
import { UpstreamAnswer } from './upstream-answer.js';
import { answersTo } from './upstream-host.js';

/** Idle upstream connections are kept this long, milliseconds; Ollama itself never closes one. */
const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 2 ** 20;
/** Not the upstream's business: ours, or of the connection to us. */
const OURS = new Set(['host', 'expect', 'x-rightsize', 'x-rightsize-client']);
/** The same for bodies that were read whole, and whose length may have changed. */
const OURS_AND_LENGTH = new Set([...OURS, 'content-length']);
const NO_HEADERS: Readonly<Record<string, string>> = {};
const NO_OBSERVER: ExchangeObserver = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** Passes every request on to the upstream; shows those that can be sized to the optimizer first. */
export class Proxy implements OnApplicationShutdown {
  readonly #logger = new Logger('Gateway');
  readonly #door: RightsizeDoor;
  readonly #maxBodyBytes: number;
  readonly #listensOnLoopback: boolean;
  readonly #upstream: URL;
  readonly #pool: Pool;

  constructor(door: RightsizeDoor, options: GatewayOptions) {
    this.#door = door;
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#listensOnLoopback = isLoopbackName(options.host);
    this.#upstream = new URL(options.rightsize.upstream);
    this.#pool = new Pool(this.#upstream.origin, {
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.destroy();
  }

  /** Whether a client that asks before it sends is to be told no. */
  refusesContinue(request: IncomingMessage): boolean {
    return inferenceRoute(request, pathOf(request.url!)) !== null && declaresMoreThan(request, this.#maxBodyBytes);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request.url!);
    if (!answersTo(request.headers.host ?? '', this.#listensOnLoopback)) {
      response.writeHead(403, request.complete ? {} : { connection: 'close' }).end();
      return;
    }
    const route = inferenceRoute(request, path);
    if (route) {
      readUpload(request, this.#maxBodyBytes, (upload) => this.#uploaded(route, upload, request, response));
      return;
    }
    const foreign = mayChangeRunner(request.method!, path);
    if (foreign) this.#door.noticeForeign(path);
    // What the runner is afterwards, it has become by the end of the exchange.
    const observer = foreign ? { ...NO_OBSERVER, end: () => this.#door.noticeForeign(path) } : NO_OBSERVER;
    this.#forward(request, response, hasBody(request) ? request : null, {
      observer,
      headers: NO_HEADERS,
      reconsider: null,
    });
  }

  #uploaded(route: OptimizeInput['route'], upload: Upload, request: IncomingMessage, response: ServerResponse): void {
    switch (upload.kind) {
      case 'aborted':
        return;
      case 'too-large':
        return refuse(request, response, 413, `request body is larger than ${this.#maxBodyBytes} bytes`);
      case 'complete':
        this.#optimize(route, upload.body, request, response).catch((error: unknown) => {
          this.#logger.error(error, error instanceof Error ? error.stack : undefined);
          response.destroy();
        });
    }
  }

  async #optimize(
    route: OptimizeInput['route'],
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const skip = request.headers['x-rightsize'] === 'off';
    const input: OptimizeInput = { route, body, client: clientName(request.headers), skip };
    const sized = await this.#door.optimize(input).catch((error: unknown) => this.#unsized(error, body));
    this.#send(request, response, sized);
  }

  #send(request: IncomingMessage, response: ServerResponse, sized: Optimized): void {
    if (response.destroyed) return sized.observer.end('client-aborted');
    this.#forward(request, response, sized.body, sized);
  }

  /** The door does not reject; should it, the request still goes through as it came. */
  #unsized(error: unknown, body: Buffer): Optimized {
    this.#logger.error(error, error instanceof Error ? error.stack : undefined);
    return { requestId: '', body, headers: NO_HEADERS, observer: NO_OBSERVER, reconsider: null };
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer | IncomingMessage | null,
    sized: Pick<Optimized, 'observer' | 'headers' | 'reconsider'>,
    isRepeated = false,
  ): void {
    const { observer, headers: added, reconsider } = sized;
    const headers = endToEndHeaders(request.rawHeaders, Buffer.isBuffer(body) ? OURS_AND_LENGTH : OURS);
    headers.push('host', this.#upstream.host);
    const answer = new UpstreamAnswer({
      response,
      observer,
      headers: added,
      reconsider:
        reconsider &&
        (async (status, held) => {
          const next = await reconsider(status, held);
          if (next) this.#send(request, response, next);
          return next !== null;
        }),
      sendAgain: (error) => {
        if (isRepeated || !isRepeatable(request, body) || !wasStale(error)) return false;
        this.#forward(request, response, body, sized, true);
        return true;
      },
      unreachable: (error) => this.#unreachable(error, request, response),
    });
    this.#pool.dispatch({ path: request.url!, method: request.method as 'GET', headers, body }, answer);
  }

  #unreachable(error: Error, request: IncomingMessage, response: ServerResponse): void {
    const message = `cannot reach Ollama at ${this.#upstream.origin}: ${error.message || error.name}`;
    this.#logger.warn(message);
    refuse(request, response, 502, message);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
