import { DEFAULT_POLICY, type ModelFacts } from '@rightsize/optimizer-core';
import type { LoadedModel } from '../src/backend.js';
import { MachineView } from '../src/machine-view.js';
import { resolveSettings } from '../src/settings.js';

const GIB = 2 ** 30;

const factsOf = (model: string): ModelFacts => ({
  ...{ model, trainedContext: 131_072, kvBytesPerToken: 64 * 1024, weightsBytes: GIB },
  ...{ modelfileNumCtx: null, remote: false, capabilities: [] },
});

const shown = (model: string, sizeBytes: number | null, expiresInMs: number | null): LoadedModel => ({
  ...{ model, window: 4096, sizeBytes, sizeVramBytes: sizeBytes, expiresInMs },
});

/** A machine of 9.6 GiB on which these are resident; `alias` is another name of model `m`. */
function viewOf(loaded: readonly LoadedModel[], memoryBudgetBytes: number | null = 9.6 * GIB): MachineView {
  const runners = {
    loaded,
    runnerOf: (model: string) => (model === 'alias' ? 'm' : model),
    view: () => null,
    seenMemoryWindow: () => null,
  };
  const settings = resolveSettings({
    ...{ upstream: 'http://127.0.0.1:1', database: ':memory:' },
    ...(memoryBudgetBytes === null ? {} : { memoryBudgetBytes }),
  });
  const parts = {
    clock: { nowMs: () => 1e12 },
    catalogue: { facts: factsOf },
    readModels: { machine: { get: () => null }, sizing: { get: () => null } },
  };
  return new MachineView(
    settings,
    ...([parts.clock, parts.catalogue, runners, parts.readModels] as unknown as [never, never, never, never]),
    () => null,
    () => DEFAULT_POLICY,
  );
}

describe('windows that push out other models', () => {
  it('are told for those that /api/ps shows beside it, whoever would be kept the shortest first', () => {
    const evictions = viewOf([
      shown('m', 3 * GIB, 1000),
      shown('stays', 2 * GIB, 200_000),
      shown('goes', 2 * GIB, 100_000),
    ]).evictions('m');
    expect(evictions).toHaveLength(2);
    // Beside both there are 4 of 5 GiB for weights and cache, beside one 5.6 of 7.
    expect(evictions.map(({ window }) => window)).toEqual([49_152, 75_366]);
    expect(evictions.every(({ seconds }) => seconds > 0)).toBe(true);
  });

  it('are none where only it is resident, under whatever name, or nobody knows the size of what is', () => {
    expect(viewOf([shown('alias', 3 * GIB, 1000)]).evictions('m')).toEqual([]);
    expect(viewOf([shown('other', null, 1000)]).evictions('m')).toEqual([]);
  });

  it('are none where the memory is not known', () => {
    expect(viewOf([shown('other', 2 * GIB, 1000)], null).evictions('m')).toEqual([]);
  });
});
