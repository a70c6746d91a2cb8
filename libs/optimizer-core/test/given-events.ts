import { readFileSync } from 'node:fs';
import type { DomainEvent } from '../src/index.js';

/** One file for each version of each event that was ever written: `<type>.v<version>.json`. */
export const GOLDEN = new URL('../../../test/golden/', import.meta.url);

export function golden<Type extends DomainEvent['type']>(type: Type): Extract<DomainEvent, { type: Type }> {
  return JSON.parse(readFileSync(new URL(`${type}.v1.json`, GOLDEN), 'utf8')) as Extract<DomainEvent, { type: Type }>;
}
