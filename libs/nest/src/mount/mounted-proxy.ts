import { HttpException, Logger } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Proxy } from '../proxy/proxy.js';
import { refuse } from '../proxy/refusal.js';
import type { Handle, ProxyEntry } from './proxy-entry.js';
import { withoutExpress } from './without-express.js';

/** Of the application, no interceptors and filters: they work on values that handlers return, and here is none. */
const GUARDS_ONLY = { guards: true, interceptors: false, filters: false };

const BODY_IS_GONE =
  'the body of this request was read before Rightsize could see it: let no parser be in the adapter before the application is made';

/** Takes the requests below a prefix out of an application's hands, once its guards have let them in. */
export class MountedProxy {
  readonly #logger = new Logger('RightsizeProxy');
  readonly #prefix: string;
  readonly #withhold: ReadonlySet<string>;
  readonly #entry: ProxyEntry;
  readonly #contexts: ExternalContextCreator;
  #guarded: ((...args: Parameters<Handle>) => Promise<unknown>) | null = null;

  constructor(prefix: string, withhold: readonly string[], entry: ProxyEntry, contexts: ExternalContextCreator) {
    this.#prefix = prefix;
    this.#withhold = new Set(withhold);
    this.#entry = entry;
    this.#contexts = contexts;
  }

  /** From now on there is something to pass to. */
  attach(proxy: Proxy): void {
    this.#entry.handle = (request, response) => {
      request.url = this.#innerUrl(request.url!)!;
      request.rawHeaders = this.#forUpstream(request.rawHeaders);
      return proxy.handle(request, response);
    };
  }

  /** Goes before everything that reads bodies. Works on the plain request, the same on express and fastify. */
  readonly middleware = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (this.#innerUrl(request.url!) === null) return next();
    // Loggers that look when the answer has ended find it where express keeps it.
    (request as { originalUrl?: string }).originalUrl ??= request.url!;
    if (response.hasHeader('x-powered-by')) withoutExpress(response);
    if (request.readableEnded) this.#refuse(500, BODY_IS_GONE, request, response);
    else void this.#enter(request, response);
  };

  async #enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Not before the first request: guards may be added until then.
      this.#guarded ??= this.#contexts.create(
        this.#entry as unknown as Record<string, (...args: unknown[]) => unknown>,
        this.#entry.pass as (...args: unknown[]) => unknown,
        'pass',
        undefined,
        undefined,
        undefined,
        undefined,
        GUARDS_ONLY,
      );
      await this.#guarded(request, response);
    } catch (error) {
      this.#denied(error, request, response);
    }
  }

  /** In the dialect of whoever asked: clients of models read no error pages. */
  #denied(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (response.headersSent) return void response.destroy();
    if (error instanceof HttpException) return this.#refuse(error.getStatus(), error.message, request, response);
    this.#logger.error(error, error instanceof Error ? error.stack : undefined);
    this.#refuse(500, 'internal server error', request, response);
  }

  #refuse(status: number, message: string, request: IncomingMessage, response: ServerResponse): void {
    request.url = this.#innerUrl(request.url!) ?? request.url!;
    refuse(request, response, status, message);
  }

  /** The URL as the upstream knows it; null when it is none below the prefix. */
  #innerUrl(url: string): string | null {
    if (!url.startsWith(this.#prefix)) return null;
    const rest = url.slice(this.#prefix.length);
    if (rest === '' || rest[0] === '?') return `/${rest}`;
    return rest[0] === '/' ? rest : null;
  }

  #forUpstream(raw: readonly string[]): string[] {
    const kept: string[] = [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      if (!this.#withhold.has(raw[at]!.toLowerCase())) kept.push(raw[at]!, raw[at + 1]!);
    }
    return kept;
  }
}
