import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/**
 * Whether somebody on this machine asks: the address alone would also let in whatever a reverse proxy
 * here brings along, and web pages whose name was rebound to 127.0.0.1.
 */
export function isFromThisMachine({ headers, socket }: IncomingMessage): boolean {
  const near = isLoopbackAddress(socket.remoteAddress ?? '');
  const direct = FORWARDED.every((name) => headers[name] === undefined);
  return near && direct && isLoopbackName(hostNameOf(headers.host ?? ''));
}

/** Whether an IP address, IPv4-mapped ones included, is one of this machine's loopback. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || (plain.startsWith('127.') && isIP(plain) === 4);
}

/** The host of a `Host` header, without port and brackets, in lower case. */
export function hostNameOf(header: string): string {
  const name = header.startsWith('[') ? header.slice(1, header.indexOf(']')) : header.replace(/:\d*$/, '');
  return name.toLowerCase();
}

/** Whether a host name means this machine to everybody: a loopback address, or `localhost`. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || isLoopbackAddress(name);
}
