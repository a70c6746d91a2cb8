import {
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CurrentAdminOptions } from '../admin-options.js';
import { judgeAccess } from './judge-access.js';
import { RateLimit } from './rate-limit.js';

/** A request that was let in. */
export interface AdminRequest extends IncomingMessage {
  /** Who it was, for audit events. */
  adminBy: string;
}

const READS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

/** Closed by default: see {@link judgeAccess}. Reading takes less than changing. */
@Injectable()
export class AdminGuard implements CanActivate {
  readonly #limit = new RateLimit();

  constructor(@Inject(CurrentAdminOptions) private readonly options: CurrentAdminOptions) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const response = context.switchToHttp().getResponse<ServerResponse>();
    const options = this.options();
    const wait = this.#limit.take(request.socket.remoteAddress ?? '', options.requestsPerMinute, Date.now());
    if (wait > 0) {
      response.setHeader('retry-after', String(wait));
      throw new HttpException(`more than ${options.requestsPerMinute} requests a minute`, 429);
    }
    const access = judgeAccess(request, READS.has(request.method) ? 'read' : 'write', options);
    switch (access.kind) {
      case 'granted':
        request.adminBy = access.by;
        return true;
      case 'unknown':
        response.setHeader('www-authenticate', 'Bearer realm="rightsize"');
        throw new UnauthorizedException('takes a key: Authorization: Bearer KEY');
      case 'forbidden':
        throw new ForbiddenException(access.why);
    }
  }
}
