import * as fc from 'fast-check';
import { measureText, TextMeasure } from '../src/text-measure.js';

function measure(...texts: readonly string[]): TextMeasure {
  const sizes = new TextMeasure();
  for (const text of texts) measureText(text, sizes);
  return sizes;
}

describe('sizes of a text', () => {
  it.each([
    ['two words', 2],
    ['camelCaseWord', 3],
    ['HTTPServer', 1],
    ['  indented', 2],
    ['one\n\ntwo', 3],
    ['end.\nnext', 3],
    ['1234', 2],
    ['in 2024', 4],
    ['x = {};', 3],
    ['déjà', 1],
    ['', 0],
  ])('%j has %i pieces that no tokenizer merges', (text, pieces) => {
    expect(measure(text).pieces).toBe(pieces);
  });

  it('counts letters beyond the sixth of a word, and three-fold beyond the tenth', () => {
    expect(measure('letter').excessLetters).toBe(0);
    expect(measure('abcdefghij').excessLetters).toBe(4);
    expect(measure('abcdefghijkl').excessLetters).toBe(10);
  });

  it('takes for opaque what runs on for more than 32 characters without white space', () => {
    expect(measure('a'.repeat(32)).opaqueChars).toBe(0);
    expect(measure(`see ${'a'.repeat(33)} there`).opaqueChars).toBe(33);
    expect(measure('漢'.repeat(100)).opaqueChars).toBe(0);
  });

  it('tells scripts without spaces from alphabets, and counts a pictograph three-fold', () => {
    expect(measure('漢字')).toMatchObject({ wideChars: 2, alphabetChars: 0 });
    expect(measure('привет')).toMatchObject({ wideChars: 0, alphabetChars: 6 });
    expect(measure('🙂')).toMatchObject({ wideChars: 3 });
    expect(measure('“quoted”').wideChars).toBe(0);
  });

  it('counts bytes as UTF-8 has them, for every well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(measure(text).bytes).toBe(Buffer.byteLength(text));
      }),
    );
  });

  it('adds up over texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [one, other, both] = [measure(a), measure(b), measure(a, b)];
        for (const key of Object.keys(both) as (keyof TextMeasure)[]) {
          expect(both[key]).toBe(one[key] + other[key]);
        }
      }),
    );
  });
});
