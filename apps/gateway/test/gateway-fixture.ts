import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ExchangeEnd, Optimized, OptimizeInput, RightsizeDoor, ServerTraits } from '@rightsize/optimizer';
import { DEFAULT_V1 } from '@rightsize/nest';
import type { GatewayOptions } from '../src/gateway-options.js';
import { startGateway, type Gateway } from '../src/start-gateway.js';

/** A door that decides nothing unless told to, and remembers what it was shown. */
export class FakeDoor implements RightsizeDoor {
  server: ServerTraits = { name: 'Ollama', windows: 'per-request', dialect: 'native', statusPath: '/api/ps' };
  readonly inputs: OptimizeInput[] = [];
  readonly signals: AbortSignal[] = [];
  readonly foreign: string[] = [];
  readonly seen: string[] = [];
  readonly ends: ExchangeEnd[] = [];
  status: 'ready' | 'degraded' | 'starting' = 'ready';
  decide: (input: OptimizeInput) => Promise<Partial<Optimized>> = () => Promise.resolve({});
  #ended: (() => void)[] = [];

  async optimize(input: OptimizeInput): Promise<Optimized> {
    const { signal, ...rest } = input;
    this.inputs.push(rest);
    if (signal) this.signals.push(signal);
    const decided = await this.decide(input);
    const observer = {
      head: (status: number, type: string | null) => void this.seen.push(`${status} ${type}`),
      chunk: (bytes: Buffer) => void this.seen.push(bytes.toString()),
      end: (how: ExchangeEnd) => {
        this.ends.push(how);
        for (const resolve of this.#ended.splice(0)) resolve();
      },
    };
    return { requestId: 'id', body: input.body, headers: {}, observer, reconsider: null, ...decided };
  }

  /** Resolves at the next end of an exchange, or at once when one has ended. */
  async ended(): Promise<ExchangeEnd> {
    if (this.ends.length === 0) await new Promise<void>((resolve) => this.#ended.push(resolve));
    return this.ends[0]!;
  }

  identify(): Promise<unknown> | null {
    return null;
  }

  noticeForeign(path: string): void {
    this.foreign.push(path);
  }

  health() {
    return {
      status: this.status,
      reasons: [],
      mode: 'active',
      log: { position: 7, queued: 0, lag: 0, droppedDecisions: 0, lost: 0, projections: [] },
    };
  }

  decisions(limit: number) {
    return [{ id: String(limit) }] as never;
  }
}

/** A hand-made upstream and a gateway before it; everything is closed with `closeAll`. */
export class Bench {
  readonly door = new FakeDoor();
  readonly #closers: (() => unknown)[] = [];

  async upstream(listener: RequestListener): Promise<string> {
    const server = createServer({ maxHeaderSize: 2 ** 20 }, listener);
    return `http://127.0.0.1:${await this.listen(server)}`;
  }

  async listen(server: Server | import('node:net').Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#closers.push(() => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  async gateway(upstream: string, overrides: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const options: GatewayOptions = {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1000,
      drainMs: 200,
      connectTimeoutMs: 1000,
      v1: DEFAULT_V1,
      logLevel: 'silent',
      admin: { key: null, readKey: null, origins: [], requestsPerMinute: 600 },
      metrics: { open: false },
      rightsize: { upstream },
      ...overrides,
    };
    const gateway = await startGateway(options, this.door);
    this.#closers.unshift(() => gateway.close());
    return gateway;
  }

  /** A gateway before an upstream that answers so. */
  async before(listener: RequestListener, overrides: Partial<GatewayOptions> = {}): Promise<Gateway> {
    return this.gateway(await this.upstream(listener), overrides);
  }

  /** A raw connection to the gateway. */
  async socket(gateway: Gateway): Promise<Socket> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    this.#closers.push(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  /** Closed before everything that is there by now. */
  protected onClose(close: () => unknown): void {
    this.#closers.unshift(close);
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }
}

export interface Answer {
  readonly status: number;
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

/** Sends a request on a connection of its own and reads the whole answer. */
export async function send(
  url: string,
  {
    method = 'GET',
    headers = [] as readonly string[],
    body,
  }: { method?: string; headers?: readonly string[]; body?: string | Buffer } = {},
): Promise<Answer> {
  const { host } = new URL(url);
  const named = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  const request = httpRequest(url, {
    method,
    agent: false,
    headers: named ? [...headers] : ['Host', host, ...headers],
  });
  request.end(body);
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  return { status: message.statusCode!, message, body: await bodyOf(message) };
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A condition that never comes true must end its test, and not go on looking when that is long over. */
const UNTIL_MS = 25_000;

/** Resolves when the condition holds, checked at every turn of the event loop. Rejects after {@link UNTIL_MS}. */
export async function until(condition: () => boolean): Promise<void> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > UNTIL_MS) throw new Error(`not within ${UNTIL_MS} ms: ${condition.toString()}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A promise and the way to resolve it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Resolves when a stream has closed, with an error or without: `events.once` would reject. */
export function closed(stream: { once(event: 'close' | 'error', listener: () => void): unknown }): Promise<void> {
  stream.once('error', () => undefined);
  return new Promise((resolve) => void stream.once('close', resolve));
}
