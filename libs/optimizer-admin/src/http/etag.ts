import { PreconditionFailedException } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export function etagOf(resource: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 22)}"`;
}

/** Tells a resource's tag, and answers 304 without it when the client has it. */
export function tagged<T>(request: IncomingMessage, response: ServerResponse, resource: T): T | undefined {
  const tag = etagOf(resource);
  response.setHeader('etag', tag);
  response.setHeader('cache-control', 'no-cache');
  if (!listed(request.headers['if-none-match'], tag)) return resource;
  response.statusCode = 304;
  return undefined;
}

/** Refuses a change of what is not what its author has seen. Without `If-Match` nobody asked. */
export function requireMatch(request: IncomingMessage, resource: unknown): void {
  const wanted = request.headers['if-match'];
  if (wanted === undefined || listed(wanted, etagOf(resource))) return;
  throw new PreconditionFailedException('it has changed since: read it again');
}

function listed(header: string | undefined, tag: string): boolean {
  return header !== undefined && header.split(',').some((one) => ['*', tag].includes(one.trim()));
}
