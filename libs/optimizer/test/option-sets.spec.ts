import { OptionSets } from '../src/option-sets.js';

function given() {
  const sets = new OptionSets();
  const choose = (asked: string, over: { isLoaded?: boolean; window?: number; atMs?: number } = {}) =>
    Object.fromEntries(sets.choose('r', over.window ?? 8192, over.isLoaded ?? true, asked, over.atMs ?? 0));
  return { sets, choose };
}

describe('the options of a runner', () => {
  it('are those of the request that loads it, for all who come after', () => {
    const { choose } = given();
    expect(choose('num_thread=4', { isLoaded: false })).toEqual({ num_thread: '4' });
    expect([choose(''), choose('num_thread=8 num_gpu=20')]).toEqual([{ num_thread: '4' }, { num_thread: '4' }]);
  });

  it('are changed by a load that happens anyway, to what was asked for lately: of those that disagree, the last', () => {
    const { choose } = given();
    choose('num_thread=4', { isLoaded: false });
    choose('num_thread=8 num_gpu=20');
    expect(choose('', { isLoaded: false, window: 16_384 })).toEqual({ num_thread: '8', num_gpu: '20' });
  });

  it('forget a wish that nobody has repeated for ten minutes', () => {
    const { choose } = given();
    choose('num_gpu=0', { isLoaded: false });
    expect(choose('', { isLoaded: false, atMs: 600_001 })).toEqual({});
  });

  it('are, where somebody else started it, those of the first request that meets it', () => {
    const { choose } = given();
    expect([choose('num_thread=4'), choose(''), choose('num_thread=2')]).toEqual([
      { num_thread: '4' },
      { num_thread: '4' },
      { num_thread: '4' },
    ]);
  });

  it('are not known any more once another window is there, or the load failed', () => {
    const { sets, choose } = given();
    choose('num_thread=4', { isLoaded: false });
    expect(choose('', { window: 4096 })).toEqual({});
    choose('num_thread=4', { isLoaded: false });
    sets.forget('r');
    expect(choose('')).toEqual({});
  });

  it('do not hold shift, which changes answers: another one reloads', () => {
    const { sets, choose } = given();
    choose('num_thread=4', { isLoaded: false });
    expect([sets.reloads('r', 8192, ''), sets.reloads('r', 8192, 'shift=false')]).toEqual([false, true]);
    choose('shift=false');
    expect([sets.reloads('r', 8192, ''), sets.reloads('r', 8192, 'shift=false')]).toEqual([true, false]);
  });
});
