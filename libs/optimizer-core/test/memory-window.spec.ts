import { memoryWindow, type ModelFacts, type RunnerView } from '../src/index.js';

const GIB = 2 ** 30;
const KIB = 2 ** 10;

const facts: ModelFacts = {
  model: 'm',
  trainedContext: 131_072,
  kvBytesPerToken: 128 * KIB,
  weightsBytes: 4 * GIB,
  modelfileNumCtx: null,
  remote: false,
  capabilities: [],
};

const runner: RunnerView = { window: 8192, source: 'ps', sizeBytes: 6 * GIB, sizeVramBytes: null, expiresAtMs: null };

describe('the window that fits the memory', () => {
  it('is what the budget leaves beside the weights of the file and the buffers', () => {
    expect(memoryWindow(8 * GIB, facts, null)).toBe(Math.floor((3.4 * GIB) / (128 * KIB)));
  });

  it('takes the weights from a loaded runner, less its own cache', () => {
    expect(memoryWindow(8 * GIB, facts, runner)).toBe((3 * GIB) / (128 * KIB));
  });

  it('is nothing when not even the weights fit', () => {
    expect(memoryWindow(2 * GIB, facts, null)).toBe(0);
  });

  it('is unknown without a budget, without weights and without the size of the cache', () => {
    expect(memoryWindow(null, facts, runner)).toBeNull();
    expect(memoryWindow(8 * GIB, { ...facts, weightsBytes: null }, null)).toBeNull();
    expect(memoryWindow(8 * GIB, { ...facts, kvBytesPerToken: null }, runner)).toBeNull();
    expect(memoryWindow(8 * GIB, null, runner)).toBeNull();
  });
});
