import * as fc from 'fast-check';
import { imposeNumCtx } from '@rightsize/ollama';

function impose(body: string, numCtx = 8192): string | null {
  return imposeNumCtx(Buffer.from(body), numCtx)?.toString() ?? null;
}

describe('imposeNumCtx', () => {
  const edits: readonly [story: string, before: string, after: string][] = [
    ['an empty object', '{}', '{"options":{"num_ctx":8192}}'],
    ['an empty object with space in it', ' { } ', ' {"options":{"num_ctx":8192} } '],
    ['no options', '{"model":"m"}', '{"options":{"num_ctx":8192},"model":"m"}'],
    ['options of null', '{"options" : null }', '{"options" : {"num_ctx":8192} }'],
    ['empty options', '{"options":{ }}', '{"options":{"num_ctx":8192 }}'],
    ['other options', '{"options":{"seed":1}}', '{"options":{"num_ctx":8192,"seed":1}}'],
    ['a window', '{"options":{"num_ctx": 2048 ,"seed":1}}', '{"options":{"num_ctx": 8192 ,"seed":1}}'],
    ['a window of null', '{"options":{"num_ctx":null}}', '{"options":{"num_ctx":8192}}'],
    ['an escaped spelling', '{"opt\\u0069ons":{"num\\u005fctx":1}}', '{"opt\\u0069ons":{"num\\u005fctx":8192}}'],
    [
      'a windowed look-alike, which the server ignores',
      '{"options":{"NUM_CTX":1}}',
      '{"options":{"num_ctx":8192,"NUM_CTX":1}}',
    ],
    ['options in another case, which the server reads', '{"OPTIONS":{"num_ctx":1}}', '{"OPTIONS":{"num_ctx":8192}}'],
    [
      'options spelt with a long s, which the server folds',
      '{"option\u017f":{"seed":1}}',
      '{"option\u017f":{"num_ctx":8192,"seed":1}}',
    ],
    ['the last of two windows', '{"options":{"num_ctx":1,"num_ctx":2}}', '{"options":{"num_ctx":1,"num_ctx":8192}}'],
    [
      'the last of two options',
      '{"options":{"num_ctx":1},"options":{}}',
      '{"options":{"num_ctx":1},"options":{"num_ctx":8192}}',
    ],
    [
      'a null after options, which makes the server forget them',
      '{"options":{"seed":1},"options":null}',
      '{"options":{"seed":1},"options":null,"options":{"num_ctx":8192}}',
    ],
    [
      'look-alikes in texts and deeper down',
      '{"prompt":"\\"options\\":{\\"num_ctx\\":1}\\\\","x":{"options":{"num_ctx":1}},"options":{"y":{"num_ctx":3}}}',
      '{"prompt":"\\"options\\":{\\"num_ctx\\":1}\\\\","x":{"options":{"num_ctx":1}},"options":{"num_ctx":8192,"y":{"num_ctx":3}}}',
    ],
    [
      'numbers that a parser would round',
      '{"seed":9007199254740993,"t":1.0,"options":{"seed":123456789012345678901234567890,"num_ctx":1e3}}',
      '{"seed":9007199254740993,"t":1.0,"options":{"seed":123456789012345678901234567890,"num_ctx":8192}}',
    ],
  ];

  it.each(edits)('edits a body with %s and keeps the rest', (_story, before, after) => {
    expect(impose(before)).toBe(after);
  });

  it('gives back the very buffer when the window is there already', () => {
    const body = Buffer.from('{"options":{"num_ctx":8192}}');
    expect(imposeNumCtx(body, 8192)).toBe(body);
  });

  it.each([
    '',
    ' ',
    '[]',
    'null',
    '"options"',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":1,}',
    '{"a":"b}',
    '{"a":1 "b":2}',
    '{a:1}',
    '{"options":5}',
    '{"options":"x"}',
    '{"options":[]}',
    '{"options":{"num_ctx":1}',
    '{"options":{"num_ctx"}}',
    '{"options":{"num_ctx":"4096"}}',
    '{"options":{"num_ctx":true}}',
    '{"options":{"num_ctx":4096,"num_ctx":[]}}',
    '{"options":nope}',
    '\ufeff{"model":"m"}',
  ])('refuses %j', (body) => {
    expect(impose(body)).toBeNull();
  });

  it('reads a long string whose quotes and backslashes stand in every position', () => {
    for (let length = 40; length < 60; length++) {
      const body = JSON.stringify({ prompt: `${'x'.repeat(length)}\\"\\\\"options":{"`, options: { num_ctx: 1 } });
      expect(JSON.parse(impose(body)!)).toEqual({ ...(JSON.parse(body) as object), options: { num_ctx: 8192 } });
    }
  });

  it('does not need stack for a hostile depth', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const deep = nested(9999);
    expect(impose(`{"a":${deep}}`)).toBe(`{"options":{"num_ctx":8192},"a":${deep}}`);
    // Beyond 10,000 levels the server refuses a body: it goes there as it came.
    expect(impose(`{"a":${nested(200_000)}}`)).toBeNull();
  });
});

const json = fc.jsonValue({ maxDepth: 4 });
/** What the server takes for a window. */
const window = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
const others = fc.string().filter((name) => name !== 'num_ctx');
const options = fc.option(
  fc
    .tuple(
      fc.dictionary(fc.oneof(fc.constantFrom('seed', 'NUM_CTX', 'num_ctx '), others), json, { maxKeys: 4 }),
      fc.option(fc.record({ num_ctx: window }), { nil: {} }),
    )
    .map(([rest, asked]) => ({ ...rest, ...asked })),
);
const bodies = fc
  .tuple(fc.dictionary(fc.string({ unit: 'binary' }), json), fc.option(fc.record({ options }), { nil: {} }), fc.nat(4))
  .map(([rest, own, indent]) => JSON.stringify({ ...rest, ...own }, null, indent));

describe('imposeNumCtx, for any body', () => {
  it('changes what a parser reads in the window alone', () => {
    fc.assert(
      fc.property(bodies, fc.integer({ min: 4, max: 1 << 20 }), (body, numCtx) => {
        const before = JSON.parse(body) as Record<string, object | null>;
        const after = JSON.parse(impose(body, numCtx)!) as unknown;
        expect(after).toEqual({ ...before, options: { ...before['options'], num_ctx: numCtx } });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps every byte outside one edit', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const before = Buffer.from(body);
        const after = imposeNumCtx(before, 77_777)!;
        let head = 0;
        while (head < before.length && before[head] === after[head]) head++;
        let tail = 0;
        while (tail < before.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
        const put = after.toString('latin1', head, after.length - tail);
        const member = '"num_ctx":77777,'.repeat(2);
        expect(`${member} ${'"options":{"num_ctx":77777},'.repeat(2)}`).toContain(put);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses whatever is cut short', () => {
    fc.assert(
      fc.property(bodies, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (body, share) => {
        const bytes = Buffer.from(body.trimEnd());
        expect(imposeNumCtx(bytes.subarray(0, Math.floor(bytes.length * share)), 8192)).toBeNull();
      }),
    );
  });
});
