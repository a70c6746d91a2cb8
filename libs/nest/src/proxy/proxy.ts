import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { endToEndHeaders, openAiRouteOf, spokenAnswer, v1RouteOf, type InferenceDialect } from '@rightsize/ollama';
import type { ExchangeObserver, OptimizeInput, Optimized, RightsizeDoor } from '@rightsize/optimizer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { clientName } from './client-name.js';
import { declaresMoreThan, readUpload, type Upload } from './inference-upload.js';
import { ModelAliases } from './model-aliases.js';
import { plainPassage, type Passage } from './passage.js';
import type { ProxyOptions } from './proxy-options.js';
import { refuse } from './refusal.js';
import { timeAnswer, type ProxyWatch } from './proxy-watch.js';
import { inferenceRoute, mayChangeRunner, nativeRouteOf, pathOf, type RequestKind } from './routes.js';
import { isRepeatable, wasStale } from './stale-connection.js';
import { UpstreamAnswer } from './upstream-answer.js';
import { V1Front } from './v1-front.js';
import type { V1Plans } from './v1-plans.js';

/** Idle upstream connections are kept this long, milliseconds; Ollama itself never closes one. */
const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 2 ** 20;
/** After these a name can mean another model. */
const REDEFINES: ReadonlySet<string> = new Set(['/api/create', '/api/pull', '/api/copy', '/api/delete']);
const NO_HEADERS: Readonly<Record<string, string>> = {};
const NO_OBSERVER: ExchangeObserver = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** Takes a body that was read whole. */
type Reader = (body: Buffer, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Passes every request on to the upstream; shows those that can be sized to the optimizer first. */
export class Proxy implements OnApplicationShutdown {
  readonly #logger = new Logger('Gateway');
  readonly #door: RightsizeDoor;
  /** Read at each use: some of it can change at run time. */
  readonly #options: ProxyOptions;
  readonly #upstream: URL;
  readonly #pool: Pool;
  readonly #v1: V1Front;
  readonly #aliases: ModelAliases;
  #watch: ProxyWatch | null = null;

  constructor(door: RightsizeDoor, options: ProxyOptions, v1Plans: V1Plans) {
    this.#door = door;
    this.#options = options;
    this.#upstream = new URL(options.rightsize.upstream);
    this.#pool = new Pool(this.#upstream.origin, {
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    this.#aliases = new ModelAliases(this.#pool, this.#upstream.origin, Date.now);
    this.#v1 = new V1Front(v1Plans, this.#aliases, {
      size: (...given) => this.#size(...given),
      optimize: (...given) => this.#optimize(...given),
      pass: (...given) => this.#pass(...given),
      forward: (...given) => this.#forward(...given),
      send: (...given) => this.#send(...given),
    });
  }

  watchWith(watch: ProxyWatch): void {
    this.#watch = watch;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#aliases.close();
    await this.#pool.destroy();
  }

  /** Whether a client that asks before it sends is to be told no. */
  refusesContinue(request: IncomingMessage): boolean {
    return this.#reader(request) !== null && declaresMoreThan(request, this.#options.maxBodyBytes);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    // No resource: Go answers it so before any route does, and it cannot be sent on.
    if (request.url === '*') return refuse(request, response, 400, 'bad request');
    if (this.#watch) timeAnswer(this.#watch, request, response);
    const asking = this.#door.identify();
    if (asking === null) return this.#handle(request, response);
    void asking.then(() => {
      if (!response.destroyed) this.#handle(request, response);
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const reader = this.#reader(request);
    if (reader)
      readUpload(request, this.#options.maxBodyBytes, (upload) => this.#uploaded(reader, upload, request, response));
    else this.#pass(plainPassage(request, response, false), hasBody(request) ? request : null);
  }

  /** What takes the body of a request that is to be read whole; null for all that only pass by. */
  #reader(request: IncomingMessage): Reader | null {
    const path = pathOf(request.url!);
    const { dialect } = this.#door.server;
    const kind = kindIn(dialect, request, path);
    if (kind) return (body, from, to) => this.#optimize(kind, body, plainPassage(from, to, true));
    // Only what the server does not understand by itself is translated.
    if (dialect === 'openai') return null;
    const v1 = request.method === 'POST' ? v1RouteOf(path) : null;
    return v1 && ((body, from, to) => this.#v1.handle(v1, body, from, to));
  }

  /** Unsized, and maybe to a route that changes the runner. */
  #pass(passage: Passage, body: Buffer | IncomingMessage | null): void {
    const path = pathOf(passage.path);
    const foreign = mayChangeRunner(passage.request.method!, path);
    if (foreign) this.#door.noticeForeign(path);
    // What the runner is afterwards, it has become by the end of the exchange.
    const end = (): void => {
      this.#door.noticeForeign(path);
      if (REDEFINES.has(path)) this.#aliases.forget();
    };
    const observer = foreign ? { ...NO_OBSERVER, end } : NO_OBSERVER;
    this.#forward(passage, body, { observer, headers: NO_HEADERS, reconsider: null });
  }

  #uploaded(reader: Reader, upload: Upload, request: IncomingMessage, response: ServerResponse): void {
    switch (upload.kind) {
      case 'aborted':
        return;
      case 'too-large':
        return refuse(request, response, 413, `request body is larger than ${this.#options.maxBodyBytes} bytes`);
      case 'complete':
        reader(upload.body, request, response).catch((error: unknown) => {
          this.#logger.error(error, error instanceof Error ? error.stack : undefined);
          response.destroy();
        });
    }
  }

  async #optimize(kind: RequestKind, body: Buffer, passage: Passage): Promise<void> {
    const began = performance.now();
    const sized = await this.#size(kind, body, passage.request, passage.response);
    this.#send(passage, sized);
    this.#watch?.sentUpstream((performance.now() - began) / 1000);
  }

  #size(kind: RequestKind, body: Buffer, { headers }: IncomingMessage, response: ServerResponse): Promise<Optimized> {
    const skip = headers['x-rightsize'] === 'off';
    const input: OptimizeInput = {
      ...kind,
      body,
      client: clientName(headers),
      skip,
      // Asked for only by who waits, and slow to make.
      get signal() {
        return goneSignal(response);
      },
    };
    return this.#door.optimize(input).catch((error: unknown) => this.#unsized(error, body));
  }

  #send(passage: Passage, sized: Optimized): void {
    const { request, response } = passage;
    if (response.destroyed) return sized.observer.end('client-aborted');
    if (sized.reply != null) return this.#reply(passage, sized, sized.reply);
    if (sized.refusal) return refuse(request, response, sized.refusal.status, sized.refusal.message);
    this.#forward(passage, sized.body, sized);
  }

  /** In the dialect that was asked in, streamed or not as was asked. */
  #reply(passage: Passage, { body, headers }: Optimized, text: string): void {
    const route = pathOf(passage.path) === '/api/generate' ? 'generate' : 'chat';
    const spoken = spokenAnswer(route, body, text, new Date());
    const delivery = passage.delivery();
    const raw = Object.entries({ 'content-type': spoken.contentType, ...passage.headers, ...headers }).flat();
    delivery.begin(200, 'OK', raw);
    delivery.write(spoken.body);
    delivery.end();
  }

  /** The door does not reject; should it, the request still goes through as it came. */
  #unsized(error: unknown, body: Buffer): Optimized {
    this.#logger.error(error, error instanceof Error ? error.stack : undefined);
    return { requestId: '', body, headers: NO_HEADERS, observer: NO_OBSERVER, reconsider: null };
  }

  #forward(
    passage: Passage,
    body: Buffer | IncomingMessage | null,
    sized: Pick<Optimized, 'observer' | 'headers' | 'reconsider'>,
    isRepeated = false,
  ): void {
    const { request, response } = passage;
    const { observer, headers: added, reconsider } = sized;
    const headers = endToEndHeaders(request.rawHeaders, passage.without);
    headers.push('host', this.#upstream.host, ...passage.with);
    const answer = new UpstreamAnswer({
      response,
      delivery: passage.delivery(),
      observer,
      headers: { ...passage.headers, ...added },
      reconsider: (reconsider || passage.mended) && ((status, held) => this.#reconsider(passage, sized, status, held)),
      sendAgain: (error) => {
        if (isRepeated || !isRepeatable(request, body) || !wasStale(error)) return false;
        this.#forward(passage, body, sized, true);
        return true;
      },
      unreachable: (error) => this.#unreachable(error, request, response),
    });
    this.#pool.dispatch({ path: passage.path, method: request.method as 'GET', headers, body }, answer);
  }

  /** Whether something else was sent instead. */
  async #reconsider(
    passage: Passage,
    { observer, reconsider }: Pick<Optimized, 'observer' | 'reconsider'>,
    status: number,
    held: Buffer,
  ): Promise<boolean> {
    const mended = passage.mended?.(status, held) ?? null;
    if (mended) {
      observer.head(status, null);
      observer.end('complete');
      await this.#optimize({ route: 'chat' }, mended, { ...passage, mended: null });
      return true;
    }
    const next = (await reconsider?.(status, held)) ?? null;
    if (next) this.#send(passage, next);
    return next !== null;
  }

  #unreachable(error: Error, request: IncomingMessage, response: ServerResponse): void {
    const message = `cannot reach ${this.#door.server.name} at ${this.#upstream.origin}: ${error.message || error.name}`;
    this.#logger.warn(message);
    refuse(request, response, 502, message);
  }
}

/** What a request is that the optimizer can read, in the words of the server; null for every other. */
function kindIn(dialect: InferenceDialect, request: IncomingMessage, path: string): RequestKind | null {
  const route = inferenceRoute(request, dialect === 'openai' ? openAiRouteOf(path) : nativeRouteOf(path));
  if (route === null) return null;
  return dialect === 'openai' ? { route, dialect } : { route };
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Aborted when the client leaves before its answer has ended. */
function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const gone = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.closed) gone();
  else response.once('close', gone);
  return controller.signal;
}
