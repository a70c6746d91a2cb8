import * as fc from 'fast-check';
import { createFingerprinter } from '../src/index.js';
import { differingBits, fromHex, toHex } from '../src/keyed-hash.js';
import { prose } from './given.js';

const fingerprinter = createFingerprinter('secret');

function prints(text: string): Record<number, string> {
  const found = fingerprinter.fingerprint([{ role: 'prompt', text }]);
  return Object.fromEntries(found.map(({ tokens, hash }) => [tokens, hash]));
}

describe('fingerprints of a prompt', () => {
  it('cover the leading 64 to 1024 tokens, each only where the prompt is that long', () => {
    expect(Object.keys(prints(prose(63, 1)))).toEqual([]);
    expect(Object.keys(prints(prose(64, 1)))).toEqual(['64']);
    expect(Object.keys(prints(prose(1023, 1)))).toEqual(['64', '128', '256', '512']);
    expect(Object.keys(prints(prose(5000, 1)))).toEqual(['64', '128', '256', '512', '1024']);
  });

  it('depend on nothing behind what they cover', () => {
    const opening = prose(64, 1);
    expect(prints(`${opening} ${prose(200, 2)}`)[64]).toBe(prints(opening)[64]);
    expect(prints(`${opening} ${prose(200, 2)}`)[128]).not.toBe(prints(`${opening} ${prose(200, 3)}`)[128]);
  });

  it('differ in about half of their bits between unrelated texts, and in few after a small change', () => {
    const text = prose(1024, 1);
    const bitsTo = (other: string): number => {
      const a = fromHex(prints(text)[1024]!)!;
      const b = fromHex(prints(other)[1024]!)!;
      return differingBits(a.high, b.high) + differingBits(a.low, b.low);
    };
    expect(bitsTo(prose(1024, 2))).toBeGreaterThan(16);
    expect(bitsTo(text.replace(/\w+ \w+$/, 'entirely otherwise'))).toBeLessThanOrEqual(12);
  });

  it('say nothing to somebody with another secret', () => {
    const other = createFingerprinter('another').fingerprint([{ role: 'prompt', text: prose(64, 1) }]);
    expect(other[0]!.hash).not.toBe(prints(prose(64, 1))[64]);
  });

  it('read messages as one text, and disregard case and punctuation', () => {
    const words = prose(64, 1).split(' ');
    const asChat = fingerprinter.fingerprint([
      { role: 'system', text: `${words.slice(0, 30).join(', ').toUpperCase()}.` },
      { role: 'user', text: words.slice(30).join('\n') },
    ]);
    expect(asChat[0]!.hash).toBe(prints(words.join(' '))[64]);
  });

  it('count each character of a script without spaces', () => {
    expect(Object.keys(prints('请'.repeat(64)))).toEqual(['64']);
    expect(Object.keys(prints('请'.repeat(63)))).toEqual([]);
  });

  it('are written as 16 hexadecimal digits that read back', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (high, low) => {
        expect(fromHex(toHex({ high, low }))).toEqual({ high, low });
      }),
    );
    expect(fromHex('0123')).toBeNull();
    expect(fromHex('0123456789ABCDEF')).toBeNull();
  });

  it('count the bits between two lanes', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (a, b) => {
        const bits = ((a ^ b) >>> 0).toString(2).replaceAll('0', '').length;
        expect(differingBits(a, b)).toBe(bits);
      }),
    );
  });
});
