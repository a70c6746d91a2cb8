import { automaticBatch, boundedNumPredict, resolveOptions, runnerContext } from '../src/index.js';
import { EMBED, LLAMA, defaultsOf } from './fixtures.js';

function windowFor(raw: Record<string, unknown>, model = LLAMA): number {
  const resolved = resolveOptions(model, raw, null, defaultsOf());
  if (!resolved.ok) throw new Error(resolved.message);
  return resolved.options.runner.numCtx;
}

describe('options', () => {
  it.each([
    ['absent is the default', {}, 4096],
    ['null is the default', { num_ctx: null }, 4096],
    ['zero becomes four', { num_ctx: 0 }, 4],
    ['negatives become four', { num_ctx: -1 }, 4],
    ['a fraction is cut off', { num_ctx: 4096.9 }, 4096],
    ['beyond the trained context is clamped to it', { num_ctx: 1_000_000 }, 131_072],
  ])('%s', (_, raw, numCtx) => {
    expect(windowFor(raw)).toBe(numCtx);
  });

  it('null counts as naming the window', () => {
    expect(resolveOptions(LLAMA, { num_ctx: null }, null, defaultsOf())).toMatchObject({
      options: { runner: { numCtxAuto: false } },
    });
  });

  it('vision models have a floor of 2048', () => {
    expect(windowFor({ num_ctx: 512 }, { ...LLAMA, capabilities: ['completion', 'vision'] })).toBe(2048);
  });

  it.each([
    [{ num_ctx: '8192' }, 'option "num_ctx" must be of type integer'],
    [{ num_ctx: true }, 'option "num_ctx" must be of type integer'],
    [{ temperature: 'x' }, 'option "temperature" must be of type float32'],
    [{ use_mmap: 1 }, 'option "use_mmap" must be of type boolean'],
    [{ stop: 'x' }, 'option "stop" must be of type array'],
    [{ stop: [1] }, 'option "stop" must be of an array of strings'],
  ])('%j is refused with 500', (raw, message) => {
    expect(resolveOptions(LLAMA, raw, null, defaultsOf())).toEqual({ ok: false, status: 500, message });
  });

  it('typical_p is refused with 400', () => {
    const refused = resolveOptions(LLAMA, { typical_p: 1 }, null, defaultsOf());
    expect(refused).toEqual({ ok: false, status: 400, message: 'typical_p is no longer supported' });
  });

  it('the request wins over the Modelfile, the Modelfile over the server', () => {
    const model = { ...LLAMA, parameters: { num_ctx: 2048, num_predict: 7 } };
    expect(windowFor({}, model)).toBe(2048);
    expect(windowFor({ num_ctx: 1024 }, model)).toBe(1024);
    expect(resolveOptions(model, {}, null, defaultsOf())).toMatchObject({ options: { request: { numPredict: 7 } } });
  });

  it('an embedding model has a batch of its own and no automatic one', () => {
    expect(resolveOptions(EMBED, {}, null, defaultsOf())).toMatchObject({
      options: { runner: { numCtx: 2048, numBatch: 2048, numBatchAuto: false } },
    });
  });

  it.each([
    [4096, 512],
    [4097, 1024],
    [32768, 1024],
    [32769, 2048],
  ])('%i tokens of window get a batch of %i', (context, batch) => {
    expect(automaticBatch(context)).toBe(batch);
  });

  it('the runner rounds its window up to a multiple of 256', () => {
    expect([1, 256, 1000, 1025].map(runnerContext)).toEqual([256, 256, 1024, 1280]);
  });

  it('an answer is bounded by ten windows', () => {
    const limits = [-1, 0, 5, 99_999].map((limit) => boundedNumPredict(limit, 1000, 'no limit'));
    expect(limits).toEqual([10_000, 10_000, 5, 10_000]);
  });

  it('a limit of zero means one token to a runner that renders chats itself', () => {
    expect(boundedNumPredict(0, 1000, 'one token')).toBe(1);
  });
});
