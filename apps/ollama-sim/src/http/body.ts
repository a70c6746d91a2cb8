import { unpackZstd } from '@rightsize/ollama';
import type { IncomingMessage } from 'node:http';
import { readJson } from '../go/json-syntax.js';
import { typedFields, type Fields, type Shape } from '../go/typed-fields.js';

/** All bytes of a request. */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** All text of a request; the `/v1` routes take zstd, which is the only encoding that the real server knows. */
async function readText(req: IncomingMessage): Promise<string> {
  const bytes = await readBody(req);
  const isPacked = req.headers['content-encoding'] === 'zstd' && req.url!.startsWith('/v1/');
  return ((isPacked && unpackZstd(bytes)) || bytes).toString('utf8');
}

export type Body =
  | { readonly kind: 'fields'; readonly fields: Fields }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid'; readonly message: string };

/** How a struct is named in complaints: as a prefix of its fields, and as a whole. */
export interface StructName {
  readonly field: string;
  readonly whole: string;
}

export function struct(field: string, whole = field): StructName {
  return { field, whole };
}

/** A request's JSON fields, checked against a struct of the real server. */
export async function readFields(req: IncomingMessage, shape: Shape, name: StructName): Promise<Body> {
  const json = readJson(await readText(req));
  switch (json.kind) {
    case 'empty':
      return { kind: 'missing' };
    case 'invalid':
      return { kind: 'invalid', message: json.message };
    case 'value': {
      const typed = typedFields(json.value, shape, name.field, name.whole);
      return typed.ok ? { kind: 'fields', fields: typed.fields } : { kind: 'invalid', message: typed.message };
    }
  }
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

export function flag(fields: Fields, name: string): boolean | null {
  const value = fields[name];
  return typeof value === 'boolean' ? value : null;
}

export function number(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === 'number' ? value : null;
}

export function record(fields: Fields, name: string): Readonly<Record<string, unknown>> {
  const value = fields[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}
