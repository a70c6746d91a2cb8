import { memoryOf } from '../../src/memory/memory-of-reading.js';
import type { SystemReading } from '../../src/index.js';

const GIB = 2 ** 30;

const reading: SystemReading = {
  host: { totalBytes: 32 * GIB, availableBytes: 20 * GIB, serverBytes: 2 * GIB },
  gpu: { totalBytes: 8 * GIB, freeBytes: 1 * GIB },
  loadAverage: 1,
};

const runner = (sizeGib: number, vramGib: number) => ({
  model: 'm:latest',
  window: 8192,
  sizeBytes: sizeGib * GIB,
  sizeVramBytes: vramGib * GIB,
  expiresInMs: null,
});

const here = { loaded: [], isCertain: false, usedGpu: false };

describe('what runners can be given', () => {
  it('is what is free and what they hold: it does not move with their loads', () => {
    const whole = memoryOf(reading, { ...here, loaded: [runner(6, 6)] }, true);
    expect(whole).toEqual({
      host: { totalBytes: 32 * GIB, availableBytes: 22 * GIB },
      gpu: { totalBytes: 8 * GIB, availableBytes: 7 * GIB },
      usesGpu: true,
    });
    const unloaded = { ...reading, gpu: { totalBytes: 8 * GIB, freeBytes: 7 * GIB } };
    expect(memoryOf(unloaded, { ...here, usedGpu: true }, true)).toEqual(whole);
  });

  it('is never more than there is', () => {
    const { host, gpu } = memoryOf(
      {
        ...reading,
        host: { ...reading.host!, serverBytes: 90 * GIB },
        gpu: { totalBytes: 8 * GIB, freeBytes: 2 * GIB },
      },
      { ...here, loaded: [runner(6.4, 6.4)] },
      true,
    );
    expect(host).toEqual({ totalBytes: 32 * GIB, availableBytes: 32 * GIB });
    expect(gpu).toEqual({ totalBytes: 8 * GIB, availableBytes: 8 * GIB });
  });

  it('is unknown when no process of the server is to be seen: the address is the near end of a tunnel', () => {
    const unseen = { ...reading, host: { ...reading.host!, serverBytes: null } };
    expect(memoryOf(unseen, here, true)).toEqual({ host: null, gpu: null, usesGpu: false });
    expect(memoryOf(reading, here, false)).toMatchObject({ host: null, gpu: null });
  });

  it('goes by what runners are shown to have where somebody says that the server is here', () => {
    const unseen = { ...reading, host: { ...reading.host!, serverBytes: null } };
    const { host } = memoryOf(unseen, { ...here, loaded: [runner(6, 0)], isCertain: true }, true);
    expect(host).toEqual({ totalBytes: 32 * GIB, availableBytes: 26 * GIB });
  });

  it('is the total of the host where nobody can tell what is free, as on a Mac', () => {
    const mac = { ...reading, host: { totalBytes: 32 * GIB, availableBytes: null, serverBytes: null }, gpu: null };
    const { host } = memoryOf(mac, { ...here, isCertain: true }, false);
    expect(host).toEqual({ totalBytes: 32 * GIB, availableBytes: 32 * GIB });
  });

  it('leaves GPUs out that cannot be those which hold the runners', () => {
    expect(memoryOf(reading, { ...here, loaded: [runner(40, 40)] }, true)).toMatchObject({ gpu: null, usesGpu: true });
  });

  it('takes a runner that shows only a part on a GPU for no sign that it is used', () => {
    expect(memoryOf(reading, { ...here, loaded: [runner(6, 1)] }, true)).toMatchObject({ usesGpu: false });
  });
});
