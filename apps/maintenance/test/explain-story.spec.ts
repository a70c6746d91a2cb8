import { readFileSync } from 'node:fs';
import type { TrafficEvent } from '@rightsize/optimizer-core';
import { storyOf } from '../src/explain-story.js';

const GOLDEN = new URL('../../../test/golden/', import.meta.url);

function golden<Type extends TrafficEvent['type']>(type: Type): Extract<TrafficEvent, { type: Type }> {
  return JSON.parse(readFileSync(new URL(`${type}.v1.json`, GOLDEN), 'utf8')) as Extract<TrafficEvent, { type: Type }>;
}

const optimized = golden('request.optimized');
const { data } = optimized;

describe('what is told of a decision', () => {
  it('is the story of the request in order: decided, refused, not loaded, ended', () => {
    const story = storyOf([
      optimized,
      golden('request.refused'),
      golden('runner.load-failed'),
      golden('request.completed'),
    ]).join('\n');
    expect(story).toMatch(
      /decided: .*refused at 4096: the prompt has 5210 tokens\n {2}then: 8192 \(grow\).*could not be loaded with 8192: too little memory\n {2}then: 6144 \(open\).*ended: status 200/s,
    );
  });

  it('names what each window would cost, and how much more than the chosen one', () => {
    const prices = [
      { numCtx: 8192, seconds: 12 },
      { numCtx: 16_384, seconds: 13.5 },
      { numCtx: 4096, seconds: 20 },
    ];
    const decision = {
      ...data.decision,
      numCtx: 8192,
      prices,
      inputs: { ...data.decision.inputs, loadedWindow: 4096 },
    };
    expect(storyOf([{ type: 'request.optimized', data: { ...data, decision } }])).toEqual(
      expect.arrayContaining([
        '  8192 would cost 12.00 s from here on (chosen)',
        '  16384 would cost 13.50 s from here on, +1.50 s',
        '  4096 would cost 20.00 s from here on, +8.00 s (loaded)',
        'It has not been completed.',
      ]),
    );
  });

  it('says why there are no prices, when the loaded window was kept without asking', () => {
    const decision = { ...data.decision, rule: 'stay' as const };
    const story = storyOf([{ type: 'request.optimized', data: { ...data, decision } }]);
    expect(story.join('\n')).toContain('not priced: nothing new was learnt');
  });

  it('says which batch, why, and what was drawn for each', () => {
    const numBatch = { value: 512, why: 'tried' as const, candidates: [{ value: null, seconds: 0.001 }], dice: [0.4] };
    const story = storyOf([{ type: 'request.optimized', data: { ...data, numBatch } }]).join('\n');
    expect(story).toContain(
      "batch: 512 (tried, since a load happens anyway)\n    the server's: 1000 us a token, drawn",
    );
  });
});
