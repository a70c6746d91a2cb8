import { json, sample } from 'fast-check';
import type { Random } from '@rightsize/traffic';

/** A path and a body that is as it should be. */
export type Valid = readonly [path: string, body: Readonly<Record<string, unknown>>];

/** In all that people say here, so that it can be looked for where nothing of it may be. */
export const CANARY = 'quixotic';

const HELLO = [{ role: 'user', content: `${CANARY} hello` }];
const OPTIONS = { num_ctx: 8192, num_predict: 3, temperature: 0, seed: 1, stop: [CANARY] };
const SCHEMA = { type: 'object', properties: { a: { type: 'string' } } };
const TOOLS = [{ type: 'function', function: { name: CANARY, description: CANARY, parameters: SCHEMA } }];

/** Of every route whose body means something; what writes to the store names models that are not there. */
export const VALID: readonly Valid[] = [
  [
    '/api/chat',
    { model: 'llama3.2', messages: HELLO, stream: false, options: OPTIONS, tools: TOOLS, keep_alive: '5m' },
  ],
  ['/api/chat', { model: 'qwen3', messages: HELLO, stream: true, think: true, format: SCHEMA, options: OPTIONS }],
  ['/api/generate', { model: 'llama3.2', prompt: CANARY, system: CANARY, stream: false, raw: false, options: OPTIONS }],
  ['/api/embed', { model: 'nomic-embed-text', input: [CANARY, 'b'], truncate: true }],
  ['/api/show', { model: 'llama3.2', verbose: false }],
  ['/api/copy', { source: 'none', destination: 'other' }],
  ['/api/delete', { model: 'none' }],
  ['/v1/chat/completions', { model: 'qwen3', messages: HELLO, max_tokens: 3, temperature: 0, tools: TOOLS, stop: 'x' }],
  ['/v1/chat/completions', { model: 'qwen3', messages: HELLO, stream: true, stream_options: { include_usage: true } }],
  ['/v1/completions', { model: 'llama3.2', prompt: CANARY, max_tokens: 3, stream: true, suffix: '' }],
  ['/v1/messages', { model: 'qwen3', max_tokens: 3, system: CANARY, messages: HELLO, stop_sequences: [CANARY] }],
  [
    '/v1/messages',
    { model: 'qwen3', max_tokens: 3, messages: HELLO, stream: true, tools: [{ name: CANARY, input_schema: SCHEMA }] },
  ],
  ['/v1/responses', { model: 'qwen3', input: CANARY, instructions: CANARY, max_output_tokens: 3, stream: true }],
  ['/v1/embeddings', { model: 'nomic-embed-text', input: CANARY }],
];

const WRONG: readonly string[] = [
  'null', 'true', '0', '-1', '1.5', '1e999', '-1e999', '123456789012345678901234567890', '9007199254740993', '1e-400',
  '""', '"x"', '[]', '{}', '[[]]', '[null]', '{"a":1}', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"a\\u0000b"',
  '"\u2028"', 'NaN', '01', "'x'", '"\t"', '"\\x"', '{"a":1,"a":2}', '[1,]', '', '"\ufeff"', '"__proto__"',
  '{"__proto__":{"model":"x"}}', '{"constructor":{"prototype":1}}', '{"toString":1}',
]; // prettier-ignore

type Place = { readonly holder: Record<string, unknown>; readonly key: string };

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

const MARK = 'HOSTILE-VALUE';

/** Valid JSON of a body in which one value is another text, which need not be JSON. */
function withValue(random: Random, body: object, text: string): string {
  const copy = structuredClone(body);
  const { holder, key } = random.pick(placesIn(copy));
  holder[key] = MARK;
  return JSON.stringify(copy).replace(`"${MARK}"`, () => text);
}

function anything(random: Random): string {
  const [value] = sample(json({ maxDepth: 4, stringUnit: 'binary' }), {
    numRuns: 1,
    seed: random.between(0, 2 ** 31 - 1),
  });
  return value!;
}

function nested(random: Random): string {
  // The server's decoder stops at 10,000 levels.
  const depth = random.pick([10, 300, 2000, 9990, 10_010]);
  return random.next() < 0.5 ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

function keyTwice(random: Random, body: object): string {
  const [key, value] = random.pick(Object.entries(body));
  const name = random.next() < 0.5 ? key : key.toUpperCase();
  return `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}

function flipped(random: Random, body: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(body));
  for (let times = random.between(1, 3); times > 0; times -= 1)
    bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
  return bytes;
}

function cut(random: Random, body: object): string {
  const text = JSON.stringify(body);
  return text.slice(0, random.between(0, text.length - 1));
}

function without(random: Random, body: object): string {
  const copy = structuredClone(body) as Record<string, unknown>;
  const { holder, key } = random.pick(placesIn(copy));
  delete holder[key];
  return JSON.stringify(copy);
}

/** What can be wrong with a body; as many entries as it is to come often. */
const MUTATIONS: readonly ((random: Random, body: object) => string | Buffer)[] = [
  (_random, body) => JSON.stringify(body),
  (random, body) => withValue(random, body, random.pick(WRONG)),
  (random, body) => withValue(random, body, random.pick(WRONG)),
  (random, body) => withValue(random, body, random.pick(WRONG)),
  (random, body) => withValue(random, body, anything(random)),
  (random, body) => withValue(random, body, nested(random)),
  keyTwice,
  flipped,
  cut,
  without,
  (random, body) => JSON.stringify(body) + random.pick([' ', '\n\n', '{}', ',', '\0', 'x']),
  (random, body) =>
    Buffer.concat([random.pick(['\ufeff', ' \t', '\0', '[']), JSON.stringify(body)].map((part) => Buffer.from(part))),
  (random) => anything(random),
];

export function hostileBody(random: Random, body: object): Buffer {
  return Buffer.from(random.pick(MUTATIONS)(random, body) as string);
}
