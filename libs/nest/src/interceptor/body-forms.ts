/** The bytes of a body or an answer; null for what is none. */
export function bytesIn(value: unknown): Buffer | null {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.from(value);
  return typeof value === 'object' && value !== null ? Buffer.from(JSON.stringify(value)) : null;
}

/** A body in the form that it had before: as bytes, as text, or parsed. */
export function inFormOf(before: unknown, body: Buffer): unknown {
  if (Buffer.isBuffer(before)) return body;
  return typeof before === 'string' ? body.toString() : JSON.parse(body.toString());
}
