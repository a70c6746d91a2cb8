import type { Proxy } from '@rightsize/nest';
import { isLoopbackName } from '@rightsize/optimizer-admin';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Front } from './front-door.adapter.js';
import { answersTo } from './upstream-host.js';

/** The proxy, for requests that may be served by the name they used. */
export class NamedFront implements Front {
  readonly #proxy: Proxy;
  readonly #listensOnLoopback: boolean;

  /** `host`: the address that the gateway listens on. */
  constructor(proxy: Proxy, host: string) {
    this.#proxy = proxy;
    this.#listensOnLoopback = isLoopbackName(host);
  }

  refusesContinue(request: IncomingMessage): boolean {
    return this.#proxy.refusesContinue(request);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (answersTo(request.headers.host ?? '', this.#listensOnLoopback)) this.#proxy.handle(request, response);
    else response.writeHead(403, { 'content-length': '0', ...(request.complete ? {} : { connection: 'close' }) }).end();
  }
}
