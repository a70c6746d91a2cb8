import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { isFromThisMachine } from './loopback.js';

/** Lets in who sits on this machine. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isFromThisMachine(context.switchToHttp().getRequest<IncomingMessage>())) return true;
    throw new ForbiddenException('only for clients on this machine, by its loopback address or localhost');
  }
}
