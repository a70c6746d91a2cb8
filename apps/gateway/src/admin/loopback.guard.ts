import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { hostNameOf, isLoopbackAddress, isLoopbackName } from '../loopback.js';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/**
 * Lets in who sits on this machine: the address alone would also let in whatever a reverse proxy
 * here brings along, and web pages whose name was rebound to 127.0.0.1.
 */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers, socket } = context.switchToHttp().getRequest<IncomingMessage>();
    const near = isLoopbackAddress(socket.remoteAddress ?? '');
    const direct = FORWARDED.every((name) => headers[name] === undefined);
    const named = isLoopbackName(hostNameOf(headers.host ?? ''));
    if (near && direct && named) return true;
    throw new ForbiddenException('only for clients on this machine, by its loopback address or localhost');
  }
}
