import { PrefixCache, joinTokens, tokenize } from '../src/index.js';
import { ask, machineWith } from './fixtures.js';

const A = tokenize('the quick brown fox jumps over the lazy dog');
const B = tokenize('something else entirely that shares no word with it');

describe('the prefix cache', () => {
  it('reuses the longest common prefix and always evaluates at least one token', () => {
    const cache = new PrefixCache(1, 1024);
    expect(cache.begin(0, A)).toBe(0);
    expect(cache.begin(0, A)).toBe(A.ends.length - 1);
    expect(cache.begin(0, joinTokens([A, tokenize(' again')]))).toBe(A.ends.length);
  });

  it('the next turn finds prompt and answer', () => {
    const cache = new PrefixCache(1, 1024);
    cache.begin(0, A);
    const turn = joinTokens([A, tokenize(' said the cat')]);
    cache.end(0, turn);
    expect(cache.begin(0, joinTokens([turn, tokenize(' and left')]))).toBe(turn.ends.length);
  });

  it('a prompt that was pushed out is found in host memory', () => {
    const cache = new PrefixCache(1, 1024);
    cache.begin(0, A);
    cache.begin(0, B);
    expect(cache.begin(0, A)).toBe(A.ends.length - 1);
  });

  it('unless host memory is too small for it', () => {
    const cache = new PrefixCache(1, 1024, 1024);
    cache.begin(0, A);
    cache.begin(0, B);
    expect(cache.begin(0, A)).toBe(0);
  });

  it('the slot that remembers most is the best one', () => {
    const cache = new PrefixCache(2, 1024);
    cache.begin(0, A);
    cache.begin(1, B);
    expect([cache.bestSlot(B, [0, 1]), cache.bestSlot(A, [0, 1]), cache.bestSlot(A, [1])]).toEqual([1, 0, 1]);
  });

  it('makes a repeated prompt cheap, and a reload makes it dear again', () => {
    const machine = machineWith();
    const text = 'word '.repeat(2000);
    const prefill = (id: number, num_ctx: number) => {
      const outcome = ask(machine, id, { text, options: { num_ctx } });
      if (outcome.kind !== 'done') throw new Error(outcome.kind);
      return outcome.final;
    };
    const [first, second, third] = [prefill(1, 8192), prefill(2, 8192), prefill(3, 8448)];
    expect([first.cachedTokens, second.cachedTokens, third.cachedTokens]).toEqual([0, first.promptTokens - 1, 0]);
    expect(second.prefillNs).toBeLessThan(first.prefillNs / 100);
    expect(third.prefillNs).toBe(first.prefillNs);
  });
});
