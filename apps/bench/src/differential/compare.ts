import { isDeepStrictEqual } from 'node:util';
import type { Case } from './cases.js';
import { askOnce, joined, type NormalAnswer } from './normal-answer.js';

export interface Compared {
  readonly case: Case;
  readonly isEqual: boolean;
  /** What was said is equal, whatever else differs. */
  readonly saysTheSame: boolean;
  readonly direct: NormalAnswer;
  readonly gateway: NormalAnswer;
  /** What the gateway did with it, from its header. */
  readonly route: string;
}

/**
 * Sends one request both ways. `warm`: each time once more before, so that both meet the same prefix
 * cache, whose hits are in the answer and whose arithmetic moves probabilities.
 */
export async function compare(each: Case, direct: string, gateway: string, warm: boolean): Promise<Compared> {
  if (warm) await askOnce(direct, each.path, each.body);
  const { route: _, ...first } = await askOnce(direct, each.path, each.body);
  if (warm) await askOnce(gateway, each.path, each.body);
  const { route, ...second } = await askOnce(gateway, each.path, each.body);
  return {
    case: each,
    isEqual: isDeepStrictEqual(first, second),
    saysTheSame: joined(first) === joined(second),
    direct: first,
    gateway: second,
    route,
  };
}
