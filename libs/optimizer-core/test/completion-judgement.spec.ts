import * as fc from 'fast-check';
import { judgeCompletion } from '../src/index.js';
import { judgement } from './given.js';

const judge = (over: Parameters<typeof judgement>[0]) => judgeCompletion(judgement(over));

describe('judging a completion', () => {
  it('finds nothing wrong with an answer that fits', () => {
    expect(judge({})).toEqual({ taints: [], truncation: null, reload: false });
  });

  it.each([
    [4096, 2050],
    [4096, 2051],
    // Asked for 1000 the runner holds 1024, and cuts to half of that.
    [1000, 514],
  ])(
    'recognises the half that is left of a prompt too long for %i tokens by its count of %i',
    (window, promptTokens) => {
      const found = judge({ window, promptTokens, promptEstimate: 2 * window, outputTokens: 10 });
      expect(found).toMatchObject({
        taints: ['truncated'],
        truncation: { kind: 'prompt-cut', sign: 'half-window-formula' },
      });
    },
  );

  it('takes no prompt for cut that was expected to be that long', () => {
    expect(judge({ promptTokens: 2050, promptEstimate: 2100 }).truncation).toBeNull();
  });

  it('recognises a chat that lost messages by a count far below the estimate', () => {
    expect(judge({ promptTokens: 3000, promptEstimate: 9000, outputTokens: 10 })).toMatchObject({
      taints: ['truncated'],
      truncation: { kind: 'prompt-cut', sign: 'below-estimate' },
    });
  });

  it('blames a low count on the estimate when the window had room for it', () => {
    expect(judge({ promptTokens: 300, promptEstimate: 900 }).truncation).toBeNull();
  });

  it('recognises an answer that outgrew its window', () => {
    expect(judge({ promptTokens: 4000, promptEstimate: 4000, outputTokens: 97 })).toMatchObject({
      taints: ['shifted'],
      truncation: { kind: 'answer-shifted', sign: 'beyond-window' },
    });
    expect(judge({ promptTokens: 4000, promptEstimate: 4000, outputTokens: 96 }).truncation).toBeNull();
  });

  it('recognises an answer that a full window ended before its limit', () => {
    const full = { promptTokens: 4000, promptEstimate: 4000, outputTokens: 96, doneReason: 'length' };
    expect(judge({ ...full, numPredict: 500 })).toMatchObject({ taints: ['shifted', 'length'] });
    expect(judge({ ...full, numPredict: 96 })).toMatchObject({ taints: ['length'], truncation: null });
  });

  it('cannot tell without a window or a count', () => {
    expect(judge({ window: null, promptTokens: 99_999 }).truncation).toBeNull();
    expect(judge({ promptTokens: null }).truncation).toBeNull();
  });

  it.each([
    [{ status: 500 }, ['failed']],
    [{ status: 0, done: false }, ['failed']],
    [{ streamError: true, done: false }, ['failed']],
    [{ end: 'upstream-failed', done: false }, ['failed']],
    [{ done: false }, ['incomplete']],
    [{ end: 'client-aborted', done: false }, ['cancelled', 'incomplete']],
    [{ preload: true, doneReason: 'load' }, ['preload']],
    [{ doneReason: 'length', numPredict: 100 }, ['length']],
  ] as const)('%j is tainted as %j', (over, taints) => {
    expect(judge(over).taints).toEqual(taints);
  });

  it('sees a load where the load took a quarter of a second or longer', () => {
    expect(judge({ loadNs: 250_000_000 }).reload).toBe(true);
    expect(judge({ loadNs: 110_000_000 }).reload).toBe(false);
    expect(judge({ loadNs: null }).reload).toBe(false);
  });

  it('never calls an answer clean whose counts exceed the window', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.nat(40_000), (promptTokens, outputTokens, promptEstimate) => {
        fc.pre(promptTokens + outputTokens > 4096);
        expect(judge({ promptTokens, outputTokens, promptEstimate }).truncation).not.toBeNull();
      }),
    );
  });
});

describe('a count below what an earlier turn of the conversation counted', () => {
  it('shows a cut on servers that may cut, and nothing where the estimate says that the prompt has shrunk', () => {
    const cut = { countedBefore: 4000, promptTokens: 2600, promptEstimate: 4200, window: 4096 };
    expect(judge(cut).truncation?.sign).toBe('below-last-turn');
    expect(judge({ ...cut, countedBefore: 3000 }).truncation).toBeNull();
    expect(judge({ ...cut, promptEstimate: 2500 }).truncation).toBeNull();
  });
});
