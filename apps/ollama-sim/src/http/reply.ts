import type { ServerResponse } from 'node:http';
import { goJson } from '../go/json-text.js';

export const JSON_TYPE = 'application/json; charset=utf-8';
/** What the real server says where it sets the type by hand. */
export const BARE_JSON_TYPE = 'application/json';

/** The real server sends no `Connection` header of its own. */
export function begin(res: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  res.removeHeader('connection');
  res.writeHead(status, headers);
}

/** A whole body. Bodies of more than 2 KiB go out chunked, as Go's server sends them. */
export function send(res: ServerResponse, status: number, type: string, body: string): void {
  const bytes = Buffer.byteLength(body);
  const length: Record<string, string> =
    bytes <= 2048 || res.req.method === 'HEAD' ? { 'Content-Length': String(bytes) } : {};
  begin(res, status, { 'Content-Type': type, ...length });
  res.end(body);
}

export function sendJson(res: ServerResponse, status: number, body: unknown, type = JSON_TYPE): void {
  send(res, status, type, goJson(body));
}

/** A JSON body and the newline that Go's encoder puts after it. */
export function sendJsonLine(res: ServerResponse, status: number, body: unknown): void {
  send(res, status, BARE_JSON_TYPE, `${goJson(body)}\n`);
}

export function sendError(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, { error: message });
}

export function sendEmpty(res: ServerResponse, status: number): void {
  begin(res, status, { 'Content-Length': '0' });
  res.end();
}
