import type { DomainEvent, MachineMemoryChangedV1 } from '@rightsize/optimizer-core';
import type { LoadedModel, SystemReading } from '../../src/index.js';
import { ReadModels } from '../../src/index.js';
import { MeasuredMemory } from '../../src/memory/measured-memory.js';
import { MemoryWatch } from '../../src/memory/memory-watch.js';
import { resolveSettings, type RightsizeOptions } from '../../src/settings.js';

const GIB = 2 ** 30;

/** Everything that the watch sees, made up; each reading is asked for by the test. */
class World {
  loaded: LoadedModel[] = [];
  failure: string | null = null;
  isLoading = false;
  freeGib = 20;
  /** Happens while the machine is read. */
  meanwhile: () => void = () => undefined;
  readonly events: MachineMemoryChangedV1[] = [];
  readonly readModels = new ReadModels();
  solvedAnew = 0;
  readings = 0;
  readonly watch: MemoryWatch;
  readonly measured: MeasuredMemory;
  nowMs = 0;
  #waiting: (() => void)[] = [];

  constructor(options: Partial<RightsizeOptions> = {}) {
    const settings = resolveSettings({
      upstream: 'http://127.0.0.1:1',
      systemMetrics: 'on',
      systemMetricsMs: 1,
      ...options,
    });
    this.measured = new MeasuredMemory(settings, this.readModels);
    const runners = { look: () => Promise.resolve() };
    Object.defineProperties(runners, {
      loaded: { get: () => this.loaded },
      failure: { get: () => this.failure },
      isLoading: { get: () => this.isLoading },
    });
    const log = {
      record: (_stream: string, event: DomainEvent) => {
        this.events.push(event.data as MachineMemoryChangedV1);
        this.readModels.memory.applyDomain(event);
      },
      settled: () => Promise.resolve(),
    };
    const metrics = { read: () => this.#read(), close: () => undefined };
    const clock = { nowMs: () => 7, monotonicMs: () => this.nowMs++ };
    const plans = { solveAnew: () => this.solvedAnew++ };
    this.watch = new MemoryWatch(
      ...([settings, clock, runners, metrics, this.measured, plans, log] as unknown as ConstructorParameters<
        typeof MemoryWatch
      >),
    );
  }

  /** Resolves when it was read so many times more. */
  async read(times: number): Promise<void> {
    const until = this.readings + times;
    this.watch.used();
    while (this.readings < until) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    // What follows from the last one.
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  get available(): readonly (number | undefined)[] {
    return this.events.map(({ gpu }) => gpu && gpu.availableBytes / GIB).map((gib) => gib ?? undefined);
  }

  async #read(): Promise<SystemReading> {
    this.meanwhile();
    this.readings += 1;
    for (const resolve of this.#waiting.splice(0)) resolve();
    return { host: null, gpu: { totalBytes: 24 * GIB, freeBytes: this.freeGib * GIB }, loadAverage: 1 };
  }
}

const runner = (gib: number): LoadedModel => ({
  model: 'm',
  window: 8192,
  sizeBytes: gib * GIB,
  sizeVramBytes: gib * GIB,
  expiresInMs: null,
});

let world: World;
afterEach(() => world.watch.stop());

describe('the watch of the memory', () => {
  it('tells once what there is, and again when others have taken some; plans are solved anew', async () => {
    world = new World();
    await world.read(5);
    expect(world.available).toEqual([20]);
    expect(world.events[0]).toMatchObject({ loadAverage: 1, atMs: 7, host: null });
    world.freeGib = 10;
    await world.read(4);
    expect(world.available).toEqual([20, 10]);
    expect(world.solvedAnew).toBe(2);
    expect(world.measured.inForce).toMatchObject({ gpu: { availableBytes: 10 * GIB } });
  });

  it('is not moved by loads and unloads of the server', async () => {
    world = new World();
    await world.read(4);
    world.freeGib = 14;
    world.loaded = [runner(6)];
    await world.read(4);
    world.freeGib = 20;
    world.loaded = [];
    await world.read(4);
    expect(world.available).toEqual([20, 20]);
    expect(world.events[1]).toMatchObject({ usesGpu: true });
  });

  it('takes no reading while one of ours is being loaded, or while the server cannot be asked', async () => {
    world = new World();
    await world.read(4);
    world.freeGib = 4;
    world.isLoading = true;
    await world.read(4);
    world.isLoading = false;
    world.failure = 'connect ECONNREFUSED';
    await world.read(4);
    expect(world.available).toEqual([20]);
  });

  it('takes no reading during which a model came or went', async () => {
    world = new World();
    await world.read(4);
    world.freeGib = 4;
    world.meanwhile = () => void (world.loaded = world.loaded.length > 0 ? [] : [runner(6)]);
    await world.read(4);
    expect(world.available).toEqual([20]);
  });

  it('goes on when reading fails', async () => {
    world = new World();
    world.meanwhile = () => {
      world.readings += 1;
      world.meanwhile = () => undefined;
      throw new Error('broken');
    };
    await world.read(4);
    expect(world.available).toEqual([20]);
  });

  it('rests when there were no requests for as long as the server keeps a model', async () => {
    world = new World();
    await world.read(2);
    world.nowMs += 300_000;
    const before = world.readings;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(world.readings).toBeLessThanOrEqual(before + 1);
    await world.read(1);
  });

  it.each([
    ['off', 'http://127.0.0.1:1'],
    ['auto', 'http://gpu.example:1'],
    ['auto', 'http://192.168.1.7:1'],
  ] as const)('does not read with %s before %s', (systemMetrics, upstream) => {
    world = new World({ systemMetrics, upstream });
    expect(world.measured.isReadHere).toBe(false);
  });

  it.each(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1', 'http://127.1:1'])(
    'reads with auto before %s',
    (upstream) => {
      world = new World({ systemMetrics: 'auto', upstream });
      expect(world.measured.isReadHere).toBe(true);
    },
  );
});
