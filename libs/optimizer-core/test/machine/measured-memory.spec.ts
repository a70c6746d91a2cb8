import { measuredWindow, steadyMemory, type MachineMemory, type ModelFacts } from '../../src/index.js';

const GIB = 2 ** 30;

/** Weights and buffers of 4.6 GiB, 8,192 tokens a GiB. */
const facts: ModelFacts = {
  model: 'm',
  trainedContext: 131_072,
  kvBytesPerToken: GIB / 8192,
  weightsBytes: 4 * GIB,
  modelfileNumCtx: null,
  remote: false,
  capabilities: [],
};

const pool = (total: number, available: number) => ({ totalBytes: total * GIB, availableBytes: available * GIB });
const GPU_OF_8 = { host: pool(32, 20), gpu: pool(8, 6.6), usesGpu: true };

describe('the window that a machine has memory for', () => {
  it('lies wholly on the GPU where the server uses one', () => {
    expect(measuredWindow(GPU_OF_8, facts, null)).toBe(2 * 8192);
  });

  it('counts what both hold where the GPU does not hold the weights: they spill in any case', () => {
    const memory = { ...GPU_OF_8, gpu: pool(8, 4) };
    expect(measuredWindow(memory, facts, null)).toBe(Math.floor(19.4 * 8192));
    expect(measuredWindow({ ...memory, host: null }, facts, null)).toBeNull();
  });

  it('counts both where it is not known that the server uses the GPU', () => {
    expect(measuredWindow({ ...GPU_OF_8, usesGpu: false }, facts, null)).toBe(22 * 8192);
  });

  it('is what the host holds where there is no GPU', () => {
    const memory = { host: pool(8, 5.6), gpu: null, usesGpu: false };
    expect(measuredWindow(memory, facts, null)).toBe(8192);
  });

  it('cannot be told where a GPU is used that nobody can read: the memory of the host says nothing about it', () => {
    expect(measuredWindow({ host: pool(8, 5.6), gpu: null, usesGpu: true }, facts, null)).toBeNull();
    expect(measuredWindow({ host: null, gpu: null, usesGpu: false }, facts, null)).toBeNull();
    expect(measuredWindow(GPU_OF_8, null, null)).toBeNull();
  });
});

describe('the memory that decisions go by', () => {
  const gpu = (available: number, usesGpu = true): MachineMemory => ({ host: null, gpu: pool(24, available), usesGpu });

  it('is the very first reading', () => {
    expect(steadyMemory(null, [gpu(20)])).toEqual(gpu(20));
    expect(steadyMemory(null, [])).toBeNull();
  });

  it('is less when all of the last readings say so, and no less than the best of them', () => {
    expect(steadyMemory(gpu(20), [gpu(10), gpu(9), gpu(11)])).toEqual(gpu(11));
  });

  it('is more when all of them say so, and no more than the worst', () => {
    expect(steadyMemory(gpu(10), [gpu(20), gpu(21), gpu(19)])).toEqual(gpu(19));
  });

  it('stays when a single one still agrees with it: a runner that is being loaded is not shown', () => {
    expect(steadyMemory(gpu(20), [gpu(8), gpu(8), gpu(20)])).toBeNull();
    expect(steadyMemory(gpu(20), [gpu(8), gpu(8)])).toBeNull();
  });

  it('stays while it moves by less than what makes windows differ', () => {
    expect(steadyMemory(gpu(20), [gpu(19), gpu(19), gpu(19)])).toBeNull();
    const small = (available: number): MachineMemory => ({ host: pool(2, available), gpu: null, usesGpu: false });
    expect(steadyMemory(small(1), [small(0.6), small(0.6), small(0.6)])).toBeNull();
    expect(steadyMemory(small(1.5), [small(0.9), small(0.9), small(0.9)])).toEqual(small(0.9));
  });

  it('is unknown again when none of them tells it, not when one does not', () => {
    const nothing: MachineMemory = { host: null, gpu: null, usesGpu: true };
    expect(steadyMemory(gpu(20), [gpu(20), nothing, gpu(20)])).toBeNull();
    expect(steadyMemory(gpu(20), [nothing, nothing, nothing])).toEqual(nothing);
  });

  it('is that of another machine at once when its total has changed', () => {
    const other: MachineMemory = { host: null, gpu: pool(48, 46), usesGpu: true };
    expect(steadyMemory(gpu(20), [other, other, other])).toEqual(other);
  });

  it('counts a server that turns out to use the GPU as a change', () => {
    expect(steadyMemory(gpu(20, false), [gpu(20), gpu(20), gpu(20)])).toEqual(gpu(20));
  });
});
