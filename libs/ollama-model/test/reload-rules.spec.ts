import { needsReload, resolveOptions, type RunnerOptions } from '../src/index.js';
import { LLAMA, QWEN, ask, defaultsOf, machineWith, reloaded } from './fixtures.js';

function runnerOptions(raw: Record<string, unknown>, version?: string, shift: boolean | null = null): RunnerOptions {
  const resolved = resolveOptions(LLAMA, raw, shift, defaultsOf(version));
  if (!resolved.ok) throw new Error(resolved.message);
  return resolved.options.runner;
}

describe('what reloads a runner', () => {
  it.each([
    ['explicit N and the same N', { num_ctx: 8192 }, { num_ctx: 8192 }, false],
    ['explicit N and a bigger value', { num_ctx: 8192 }, { num_ctx: 16384 }, true],
    ['explicit N and a smaller value', { num_ctx: 8192 }, { num_ctx: 4096 }, true],
    ['explicit N and an absent one, N not the default', { num_ctx: 8192 }, {}, true],
    ['explicit N and an absent one, N the default', { num_ctx: 4096 }, {}, false],
    ['auto and absent', {}, {}, false],
    ['auto D and explicit D', {}, { num_ctx: 4096 }, false],
    ['auto D and another explicit value', {}, { num_ctx: 8192 }, true],
    ['two values beyond the trained context', { num_ctx: 131_073 }, { num_ctx: 900_000 }, false],
    ['two windows that the runner rounds to the same', { num_ctx: 1000 }, { num_ctx: 1024 }, true],
    ['another num_batch', {}, { num_batch: 256 }, true],
    ['num_batch no longer named', { num_batch: 256 }, {}, true],
    ['another num_gpu', { num_gpu: 5 }, { num_gpu: 6 }, true],
    ['num_gpu left to the server', { num_gpu: 5 }, {}, false],
    ['another main_gpu', {}, { main_gpu: 0 }, true],
    ['another use_mmap', {}, { use_mmap: false }, true],
    ['another num_thread', {}, { num_thread: 2 }, true],
    ['another draft_num_predict', {}, { draft_num_predict: 3 }, true],
    [
      'other sampling options',
      {},
      { temperature: 0.1, top_k: 3, num_keep: 8, seed: 1, num_predict: 5, bogus: 1 },
      false,
    ],
  ])('%s', (_, loaded, asked, reloads) => {
    expect(needsReload(runnerOptions(loaded), runnerOptions(asked))).toBe(reloads);
  });

  it('another shift reloads', () => {
    expect(needsReload(runnerOptions({}), runnerOptions({}, undefined, false))).toBe(true);
  });

  it('before 0.30 an absent window is compared with the default like any other value', () => {
    const loaded = { ...runnerOptions({}, '0.29.9'), numCtx: 8192 };
    expect(needsReload(loaded, runnerOptions({}, '0.29.9'))).toBe(true);
    expect(needsReload({ ...runnerOptions({}), numCtx: 8192 }, runnerOptions({}))).toBe(false);
  });

  it('an absent window counts as asked for when the Modelfile or the server names one', () => {
    const alias = { ...LLAMA, parameters: { num_ctx: 2048 } };
    const byModelfile = resolveOptions(alias, {}, null, defaultsOf());
    const byServer = resolveOptions(LLAMA, {}, null, defaultsOf('0.34.4', 16384, true));
    expect(byModelfile).toMatchObject({ options: { runner: { numCtx: 2048, numCtxAuto: false } } });
    expect(byServer).toMatchObject({ options: { runner: { numCtx: 16384, numCtxAuto: false } } });
  });

  it('two names of one file share the runner, another file has its own', () => {
    const machine = machineWith();
    const alias = { ...LLAMA, name: 'again:latest', digest: 'f'.repeat(64) };
    expect(reloaded(machine, 1)).toBe(true);
    expect(reloaded(machine, 2, { model: alias })).toBe(false);
    expect(reloaded(machine, 3, { model: alias, options: { num_ctx: 2048 } })).toBe(true);
    expect(machine.runners()).toHaveLength(1);
    expect(reloaded(machine, 4, { model: { ...QWEN, weightsBytes: 1e8 } })).toBe(true);
  });

  it('a refused option loads nothing', () => {
    const machine = machineWith();
    expect(() => ask(machine, 1, { options: { num_ctx: '8192' } })).toThrow('option "num_ctx" must be of type integer');
    expect(machine.counters().loads).toBe(0);
  });
});
