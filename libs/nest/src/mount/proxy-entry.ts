import type { Type } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What guards see as the controller of the proxy. */
export interface ProxyEntry {
  /** Does the work of {@link pass}. */
  handle: Handle;
  pass: Handle;
}

/** A class of its own for each mount: its handler carries the decorators that were given. */
export function entryClass(decorators: readonly MethodDecorator[]): Type<ProxyEntry> {
  class RightsizeProxyEntry implements ProxyEntry {
    handle: Handle = () => undefined;

    pass(request: IncomingMessage, response: ServerResponse): unknown {
      return this.handle(request, response);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(RightsizeProxyEntry.prototype, 'pass')!;
  for (const decorate of decorators) decorate(RightsizeProxyEntry.prototype, 'pass', descriptor);
  return RightsizeProxyEntry;
}
