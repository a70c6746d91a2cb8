import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { MemoryInsight } from '@rightsize/optimizer';
import type { MachineMemoryChangedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';
import { send } from './gateway-fixture.js';
import { chat, json, SettingsBench } from './settings-fixture.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

let bench: SettingsBench;
beforeEach(() => {
  bench = new SettingsBench();
  bench.program('nvidia-smi', `cat ${bench.folder}/gpu`);
});
afterEach(() => bench.closeAll());

const MEASURING = 'system-metrics: on\nsystem-metrics-seconds: 0.01\nadmin:\n  requests-per-minute: 1000000\n';

/** The card as its tool tells of it, MiB. */
function gpu(total: number, free: number): void {
  writeFileSync(join(bench.folder, 'gpu'), `${total}, ${free}\n`);
}

/** What `/api/ps` shows: a runner wholly on the GPU, or none. */
function loaded(sizeBytes: number | null): void {
  const line = { name: 'm:latest', model: 'm:latest', digest: 'd', size: sizeBytes, size_vram: sizeBytes };
  const models = sizeBytes === null ? [] : [{ ...line, context_length: 8192 }];
  bench.intercept = (path, response) => {
    if (path !== '/api/ps') return false;
    response.end(JSON.stringify({ models }));
    return true;
  };
}

const gpuIs =
  (mib: number) =>
  ({ inForce }: MemoryInsight) =>
    inForce?.gpu?.availableBytes === mib * MIB;

async function windowOf(url: string): Promise<number> {
  return Number((await chat(url)).message.headers['x-rightsize-num-ctx']);
}

async function eventsOf<Data>(type: string): Promise<readonly Data[]> {
  const storage = await openEventStorage({ file: join(bench.folder, 'log.sqlite') });
  const events = await storage.store.readAll({ after: 0, limit: 1000 });
  await storage.close();
  return events.filter((event) => event.type === type).map(({ data }) => data as Data);
}

/** What was recorded of the card, MiB, oldest first. */
async function recorded(): Promise<readonly (number | null)[]> {
  const changes = await eventsOf<MachineMemoryChangedV1>('machine.memory-changed');
  return changes.map(({ gpu: pool }) => pool && pool.availableBytes / MIB);
}

/** The windows that fitted the memory, by decision, tokens. */
async function limits(): Promise<readonly (number | null)[]> {
  const decided = await eventsOf<RequestOptimizedV1>('request.optimized');
  return decided.map(({ decision }) => decision.inputs.memoryWindow);
}

describe('memory of the GPU', () => {
  it('that others take makes the next load smaller, and given back as large as ever', async () => {
    gpu(24_576, 18_000);
    loaded(5.6 * GIB);
    const { url, close } = await bench.start(MEASURING);
    // What the runner holds counts as its own: 18,000 MiB are free, and 5.6 GiB are its.
    await bench.measured(url, gpuIs(18_000 + 5.6 * 1024));
    loaded(null);
    gpu(24_576, 23_734);
    expect(await windowOf(url)).toBe(8192);

    gpu(24_576, 5120);
    await bench.measured(url, gpuIs(5120));
    // Weights of 4 GiB and .6 beside them leave .4 GiB: 3,276 tokens of 128 KiB.
    expect(await windowOf(url)).toBeLessThanOrEqual(3276);

    gpu(24_576, 23_000);
    await bench.measured(url, gpuIs(23_000));
    expect(await windowOf(url)).toBeGreaterThan(3276);
    await close();
    expect(await recorded()).toEqual([18_000 + 5.6 * 1024, 5120, 23_000]);
    // What was decided by is in each decision: retraining and what-if replay that, not what the machine has by then.
    expect(await limits()).toEqual([expect.any(Number), 3276, expect.any(Number)]);
  });

  it('is shown in metrics, next to what decisions go by', async () => {
    gpu(24_576, 18_000);
    loaded(5.6 * GIB);
    const { url } = await bench.start(MEASURING);
    await bench.measured(url, gpuIs(18_000 + 5.6 * 1024));
    const metrics = (await send(`${url}/metrics`)).body.toString();
    expect(metrics).toContain(`rightsize_memory_bytes{pool="gpu",kind="total"} ${24_576 * MIB}`);
    expect(metrics).toContain(`rightsize_memory_bytes{pool="gpu",kind="free"} ${18_000 * MIB}`);
    expect(metrics).toContain(`rightsize_memory_bytes{pool="gpu",kind="decided"} ${(18_000 + 5.6 * 1024) * MIB}`);
    expect(metrics).toContain('rightsize_memory_bytes{pool="host",kind="total"}');
    expect(metrics).toMatch(/^rightsize_load_average \d/m);
    expect(metrics).toContain('rightsize_memory_changes_total 1');
  });

  it.each([
    ['is gone', () => rmSync(join(bench.folder, 'bin/nvidia-smi'))],
    ['tells garbage', () => bench.program('nvidia-smi', 'head -c 9000 /dev/urandom')],
    ['fails', () => bench.program('nvidia-smi', 'exit 9')],
  ])('is unknown again when the tool %s, and requests are served as without it', async (_how, breakIt) => {
    gpu(24_576, 5120);
    loaded(4.7 * GIB);
    const { url } = await bench.start(MEASURING);
    await bench.measured(url, ({ inForce }) => inForce?.gpu != null);
    loaded(null);
    breakIt();
    await bench.measured(url, ({ inForce }) => inForce?.gpu === null);
    expect(await windowOf(url)).toBe(8192);
  });

  it('does not hold up anything when the tool hangs: neither requests nor the end', async () => {
    bench.program('nvidia-smi', `echo $$ >> ${bench.folder}/ids; exec sleep 600`);
    const { url, close } = await bench.start(MEASURING);
    await bench.seen('GET /api/ps', 2);
    expect((await chat(url)).status).toBe(200);
    await close();
  });

  it('limits nothing where a budget is configured, and nothing is recorded of it', async () => {
    gpu(24_576, 5120);
    loaded(5.6 * GIB);
    const { url, close } = await bench.start(`${MEASURING}memory-gib: 20\n`);
    await bench.measured(url, () => bench.asked.filter((line) => line === 'GET /api/ps').length > 12);
    loaded(null);
    expect(await windowOf(url)).toBe(8192);
    await close();
    expect(await recorded()).toEqual([]);
  });

  it('is not read where it is off, nor beside a server that is elsewhere', async () => {
    bench.program('nvidia-smi', `echo run >> ${bench.folder}/runs; echo "24576, 5120"`);
    const { url } = await bench.start('system-metrics-seconds: 0.01\n');
    for (let at = 0; at < 5; at++) await chat(url);
    expect(await json(`${url}/rightsize/v1/status`)).toMatchObject({ memory: { reading: null, inForce: null } });
  });
});

describe('what was recorded of the memory', () => {
  it('is what decisions go by after a restart, before anything was read anew', async () => {
    await bench.recordBefore({
      type: 'machine.memory-changed',
      data: {
        host: null,
        gpu: { totalBytes: 24_576 * MIB, availableBytes: 5120 * MIB },
        usesGpu: true,
        loadAverage: null,
        atMs: 1,
      },
    });
    const { url } = await bench.start('system-metrics: on\nsystem-metrics-seconds: 3600\n');
    expect(await windowOf(url)).toBe(3072);
  });
});
