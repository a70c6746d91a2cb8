import {
  GIB,
  PROFILES,
  builtInModels,
  kvBytesPerToken,
  kvCacheBytes,
  loadNs,
  parseHardware,
  runnerVramBytes,
  slowdown,
  windowCost,
  type ProfileName,
} from '../src/index.js';
import { LLAMA } from './fixtures.js';

describe('hardware', () => {
  const json = {
    vram_gib: 8,
    weights_gib: 4.9,
    kv_kib_per_token: 128,
    load_s: 3.5,
    prefill_tps: 1800,
    decode_tps: 45,
    max_ctx: 131072,
    default_ctx: 4096,
  };

  it('reads the hardware line of a workload, filling in what may be left out', () => {
    expect(parseHardware(json)).toMatchObject({
      ok: true,
      hardware: { vramBytes: 8 * GIB, overheadBytes: 0.6 * GIB, keepAliveSeconds: 300, cpuSlowdown: 8 },
    });
  });

  it.each([
    [[], 'hardware must be a JSON object'],
    [{ ...json, load_s: undefined }, 'hardware: load_s is missing'],
    [{ ...json, decode_tps: '45' }, 'hardware: decode_tps must be a number'],
    [{ ...json, decode_tps: 0 }, 'hardware: decode_tps must be more than 0'],
    [{ ...json, vram: 8 }, 'hardware: no such field: vram'],
  ])('says what is wrong with %j', (value, error) => {
    expect(parseHardware(value)).toEqual({ ok: false, error });
  });

  it.each(Object.keys(PROFILES) as ProfileName[])('the main model of %s weighs what the constants say', (name) => {
    const hardware = PROFILES[name];
    const main = builtInModels(hardware)[0];
    expect(main).toBeDefined();
    if (main === undefined) return;
    expect(kvBytesPerToken(main)).toBe(hardware.kvBytesPerToken);
    expect(main.weightsBytes).toBe(Math.round(hardware.weightsBytes));
  });
});

describe('costs', () => {
  it('32 layers, 8 KV heads of 128: 128 KiB a token at f16, less when quantised', () => {
    expect(kvCacheBytes(LLAMA, 1)).toBe(128 * 1024);
    expect(kvCacheBytes(LLAMA, 1, 'q8_0')).toBe(69_632);
    expect(kvCacheBytes(LLAMA, 1, 'q4_0')).toBe(36_864);
  });

  it('layers with a sliding window hold no more than it', () => {
    const sliding = { ...LLAMA, slidingWindow: 1024 };
    expect(kvCacheBytes(sliding, 1024)).toBe(kvCacheBytes(LLAMA, 1024));
    expect(kvCacheBytes(sliding, 5120)).toBe((kvCacheBytes(LLAMA, 5120) + kvCacheBytes(LLAMA, 1024)) / 2);
  });

  it('a load takes the constants and its share for each GiB of KV cache', () => {
    expect(loadNs(PROFILES.gpu8, LLAMA, 8192) / 1e9).toBeCloseTo(3.5 + 0.15, 6);
  });

  it('what does not fit the card slows everything down by its share', () => {
    const total = 4.9 + 0.6 + 4;
    expect(slowdown(PROFILES.gpu8, LLAMA, 8192)).toBe(1);
    expect(slowdown(PROFILES.gpu8, LLAMA, 32768)).toBeCloseTo(1 + ((total - 8) / total) * 8, 6);
    expect(runnerVramBytes(PROFILES.gpu8, LLAMA, 32768, -1)).toBeCloseTo(8 * GIB, 0);
  });

  it('a machine without a GPU has no slowdown and no video memory', () => {
    expect(slowdown(PROFILES.cpu, LLAMA, 32768)).toBe(1);
    expect(runnerVramBytes(PROFILES.cpu, LLAMA, 32768, -1)).toBe(0);
  });

  it('parallel slots multiply the cache', () => {
    const one = windowCost(PROFILES.gpu8, LLAMA, { numCtx: 4096, numGpu: -1 }, 1);
    const four = windowCost(PROFILES.gpu8, LLAMA, { numCtx: 4096, numGpu: -1 }, 4);
    expect(four.bytes - one.bytes).toBe(3 * kvCacheBytes(LLAMA, 4096));
  });

  it('layers kept off the GPU slow down too', () => {
    expect(slowdown(PROFILES.gpu8, LLAMA, 4096, 0)).toBe(9);
  });
});
