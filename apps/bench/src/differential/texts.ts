import type { Random } from '@rightsize/traffic';

const WORDS = 'the model said that every window of a small house holds rain and light for the one who waits'.split(' ');
/** What printers, decoders and tokenizers disagree about. */
const ODD = [
  'grüße',
  '🎉👩‍👩‍👧',
  '<b>&amp;</b>',
  '"quoted"',
  'a\\b',
  'tab\there',
  'new\nline',
  '\u2028',
  'שלום',
  '東京',
  '{"a":1}',
  '\u0000',
  '\ud800',
];

export function words(random: Random, least = 1, most = 8): string {
  const count = random.between(least, most);
  return Array.from({ length: count }, () => (random.next() < 0.12 ? random.pick(ODD) : random.pick(WORDS))).join(' ');
}

/** One pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const CITY = { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'] };

/** Parameters of a tool, some with keys out of order. */
export function parameters(random: Random): object {
  return random.pick([
    CITY,
    {
      type: 'object',
      properties: { zone: { type: 'string' }, '10': { type: ['string', 'null'] }, '2': { type: 'integer' } },
    },
    { type: 'object', properties: {} },
    {
      type: 'object',
      $defs: { x: { type: 'string' } },
      properties: { list: { type: 'array', items: { type: 'string' }, description: words(random) } },
    },
  ]);
}

/** A schema that makes any model print a call of the tool `get_weather`. */
export const CALL_SCHEMA = {
  type: 'object',
  properties: { name: { enum: ['get_weather'] }, arguments: CITY },
  required: ['name', 'arguments'],
};

export const SMALL_SCHEMA = {
  type: 'object',
  properties: { b: { enum: [1] }, a: { enum: ['x', 'y'] } },
  required: ['b', 'a'],
};
