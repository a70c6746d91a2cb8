import { randomBytes, randomInt } from 'node:crypto';

/** As Ollama numbers most of its answers: `prefix` and a whole number below `below`. */
export function numberedId(prefix: string, below: number): string {
  return `${prefix}${randomInt(below)}`;
}

/** As it names messages and requests of Anthropic's dialect. */
export function randomId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

/** Seconds since the epoch. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
