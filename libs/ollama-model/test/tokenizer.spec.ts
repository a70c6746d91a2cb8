import {
  commonPrefix,
  countTokens,
  joinTokens,
  naturalLength,
  pseudoEmbedding,
  pseudoText,
  sliceTokens,
  textOfTokens,
  tokenIds,
  tokenize,
} from '../src/index.js';
import * as fc from 'fast-check';

describe('the tokenizer', () => {
  it.each([
    ['The quick brown fox jumps over the lazy dog.', 10],
    ['function add(a, b) { return a + b; }', 17],
    ['12345', 2],
    ['日本語', 3],
    ['', 0],
  ])('counts %j plausibly', (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });

  it('loses no character, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { ends } = tokenize(text);
        expect(ends.at(-1) ?? 0).toBe(text.length);
        expect([...ends].every((end, at) => end > (ends[at - 1] ?? 0))).toBe(true);
      }),
    );
  });

  it('slices and joins to the same tokens', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, at) => {
        const tokens = tokenize(text);
        const middle = at % (tokens.ends.length + 1);
        const again = joinTokens([sliceTokens(tokens, 0, middle), sliceTokens(tokens, middle, tokens.ends.length)]);
        expect(again).toEqual(tokens);
        expect(commonPrefix(tokens, sliceTokens(tokens, 0, middle))).toBe(middle);
      }),
    );
  });

  it('numbers of tokens turn into a text of as many tokens, and back', () => {
    const ids = [1, 2, 3, 128_255];
    expect(tokenIds(tokenize(textOfTokens(ids)), 128_256)).toEqual(ids);
  });
});

describe('made-up answers', () => {
  it('have exactly as many tokens as asked for, and are the same every time', () => {
    const text = pseudoText('a prompt', 3, 250);
    expect([text.ends.length, countTokens(text.text)]).toEqual([250, 250]);
    expect(pseudoText('a prompt', 3, 250).text).toBe(text.text);
    expect(pseudoText('a prompt', 4, 250).text).not.toBe(text.text);
  });

  it('have lengths that differ between kinds of request more than within one', () => {
    const lengths = (template: string) =>
      Array.from({ length: 60 }, (_, i) => Math.log(naturalLength(template, `p${i}`)));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const kinds = Array.from({ length: 30 }, (_, i) => lengths(`kind ${i}`));
    const within = mean(kinds.map((values) => mean(values.map((value) => (value - mean(values)) ** 2))));
    const means = kinds.map(mean);
    const between = mean(means.map((value) => (value - mean(means)) ** 2));
    expect(between).toBeGreaterThan(within);
  });

  it('embeddings have length 1 and are near for texts that share words', () => {
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    const [x, y, z] = ['red car drives', 'red car stops', 'quiet morning'].map((text) => pseudoEmbedding(text, 768));
    if (x === undefined || y === undefined || z === undefined) throw new Error('no vectors');
    expect(dot(x, x)).toBeCloseTo(1, 5);
    expect(dot(x, y)).toBeGreaterThan(dot(x, z));
  });
});
