import {
  HttpException,
  Inject,
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import type { Optimized, RightsizeService } from '@rightsize/optimizer';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { catchError, defer, from, map, mergeMap, throwError, type Observable } from 'rxjs';
import { serviceOf } from '../service-of.js';
import { clientName } from '../proxy/client-name.js';
import { bytesIn, inFormOf } from './body-forms.js';
import { tapped } from './tapped-stream.js';
import { RIGHTSIZED, type RightsizedOptions } from './rightsized.options.js';

export const SIZED = Symbol('rightsize.Sized');

/** As much of a request of express or fastify as is used. */
export interface WithSized {
  body?: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly raw?: IncomingMessage;
  [SIZED]?: Optimized;
}

interface HostResponse {
  header(name: string, value: string): unknown;
  readonly raw?: ServerResponse;
}

/** Sizes the body before the handler sees it, and reads in what the handler returns what became of it. */
@Injectable()
export class RightsizedInterceptor implements NestInterceptor {
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const options = this.reflector.get<RightsizedOptions>(RIGHTSIZED, context.getHandler()) ?? {};
    const request = context.switchToHttp().getRequest<WithSized>();
    const response = context.switchToHttp().getResponse<HostResponse>();
    const body = bytesIn(request.body);
    if (body === null) return next.handle();
    const raw = response.raw ?? (response as unknown as ServerResponse);
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    const service = serviceOf(this.modules, options.instance);
    const optimized = await service.optimize(body, {
      ...(options.route ? { route: options.route } : {}),
      client: options.client
        ? options.client(request.raw ?? (request as unknown as IncomingMessage))
        : clientName(request.headers),
      skip: request.headers['x-rightsize'] === 'off',
      signal: gone.signal,
    });
    return this.#attempt(optimized, { service, request, response, raw, next });
  }

  #attempt(optimized: Optimized, call: Call): Observable<unknown> {
    const { request, response, raw, next } = call;
    const { observer, refusal, headers } = optimized;
    if (refusal) return throwError(() => new HttpException({ error: refusal.message }, refusal.status));
    // Whatever the handler does or leaves undone: an exchange that never ends would hold others.
    raw.once('close', () => observer.end(raw.writableFinished ? 'complete' : 'client-aborted'));
    return defer(() => {
      request.body = inFormOf(request.body, optimized.body);
      request[SIZED] = optimized;
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      return next.handle();
    }).pipe(
      map((value: unknown) => seen(value, optimized)),
      catchError((error: unknown) =>
        from(told(error, optimized, call.service)).pipe(
          mergeMap((again) => (again ? this.#attempt(again, call) : throwError(() => error))),
        ),
      ),
    );
  }
}

interface Call {
  readonly service: RightsizeService;
  readonly request: WithSized;
  readonly response: HostResponse;
  readonly raw: ServerResponse;
  readonly next: CallHandler;
}

/** Shows the observer what a handler returns; what has no end yet ends with the response. */
function seen(value: unknown, { observer }: Optimized): unknown {
  // Nothing: the handler writes to the response itself, and shows the observer what it wants to.
  if (value === undefined || value === null) return value;
  observer.head(200, null);
  if (value instanceof StreamableFile) return tapped(value, observer);
  const bytes = bytesIn(value);
  if (bytes) observer.chunk(Buffer.concat([bytes, Buffer.from('\n')]));
  return value;
}

/** The handler tells of what the server refused by throwing it. Null: that is the answer; else what to send instead. */
async function told(error: unknown, optimized: Optimized, service: RightsizeService): Promise<Optimized | null> {
  const said = saidBy(error);
  if (said.status !== 0) return service.record(optimized, said);
  const { observer } = optimized;
  observer.head(0, null);
  observer.end('upstream-failed');
  return null;
}

/** Status 0: the handler failed in a way of its own. */
function saidBy(error: unknown): { readonly status: number; readonly body: Buffer } {
  if (!(error instanceof HttpException)) return { status: 0, body: Buffer.alloc(0) };
  return { status: error.getStatus(), body: bytesIn(error.getResponse()) ?? Buffer.alloc(0) };
}
