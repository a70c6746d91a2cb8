import { Random } from '@rightsize/traffic';
import { chatBody, completionBody } from './chat-bodies.js';
import type { Fields, Models } from './fields.js';
import { messagesBody, responsesBody } from './other-bodies.js';

/** One request to send both ways. */
export interface Case {
  readonly number: number;
  readonly path: string;
  readonly body: string;
  /** Some field is not of its type, or is missing, or unknown: what counts is that both ways say the same. */
  readonly isDamaged: boolean;
}

const ROUTES: readonly (readonly [string, (random: Random, models: Models) => Fields])[] = [
  ['/v1/chat/completions', chatBody],
  ['/v1/messages', messagesBody],
  ['/v1/responses', responsesBody],
  ['/v1/chat/completions', chatBody],
  ['/v1/completions', completionBody],
];

/** Without these two an answer is another each time, or has no end. */
const KEPT: ReadonlySet<string> = new Set(['max_tokens', 'max_output_tokens', 'temperature']);
const WRONG: readonly unknown[] = [null, true, 7, 1.5, -3, '', 'text', [], {}, [1], { a: 1 }, [null], '7'];

/** Requests to compare: the same seed gives the same ones. A fifth of them is damaged. Sorted by model. */
export function makeCases(count: number, seed: number, models: Models): Case[] {
  const random = new Random(seed);
  const cases = Array.from({ length: count }, (_, number) => {
    const [path, make] = ROUTES[number % ROUTES.length]!;
    const body = make(random, models);
    const isDamaged = random.next() < 0.2;
    if (isDamaged) damage(random, body);
    return { number, path, body: JSON.stringify(body), isDamaged, model: body['model'] };
  });
  // One model after the other: to load one takes longer than to ask it a hundred times.
  return [
    ...cases.filter((each) => each.model !== models.tools),
    ...cases.filter((each) => each.model === models.tools),
  ];
}

/** Spoils one thing somewhere in a body. */
function damage(random: Random, body: Fields): void {
  let at: Fields | unknown[] = body;
  for (let depth = random.between(0, 3); depth > 0; depth -= 1) {
    const inner: unknown[] = Object.values(at).filter((each) => typeof each === 'object' && each !== null);
    if (inner.length > 0) at = random.pick(inner) as Fields | unknown[];
  }
  const keys = Object.keys(at).filter((key) => at !== body || !KEPT.has(key));
  const key = keys.length === 0 || random.next() < 0.1 ? 'brand_new' : random.pick(keys);
  const target = at as Fields;
  if (random.next() < 0.2 && !Array.isArray(at)) delete target[key];
  else target[key] = random.pick(WRONG);
}
