import type { Random } from '@rightsize/traffic';

export type Fields = Record<string, unknown>;

/** Names of models at the server under comparison. */
export interface Models {
  readonly plain: string;
  /** One that takes tools and can think. */
  readonly tools: string;
}

/** The fields, with a probability; else none. */
export function maybe(random: Random, probability: number, fields: Fields): Fields {
  return random.next() < probability ? fields : {};
}
