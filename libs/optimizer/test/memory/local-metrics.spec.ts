import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalMetrics } from '../../src/index.js';
import { GpuMemory, parseNvidia, parseRocm } from '../../src/memory/gpu-memory.js';
import { readHostMemory } from '../../src/memory/host-memory.js';
import { Tool } from '../../src/memory/run-tool.js';
import { FakeMachine } from './fake-machine.js';

const MIB = 2 ** 20;

let machine: FakeMachine;
beforeEach(() => void (machine = new FakeMachine()));
afterEach(() => machine.remove());

describe('the memory of the host', () => {
  it('is what the kernel counts as available, caches included, and what the server holds beside them', async () => {
    machine.meminfo(16_000_000, 9_000_000);
    machine.process(7, 'ollama', 300_000);
    machine.process(8, 'llama-server', 4_000_000);
    machine.process(9, 'firefox', 3_000_000);
    expect(await readHostMemory(machine.places)).toEqual({
      totalBytes: 16_000_000 * 1024,
      availableBytes: 9_000_000 * 1024,
      serverBytes: 4_300_002 * 1024,
    });
  });

  it('tells that no process of the server is to be seen', async () => {
    machine.meminfo(16_000_000, 9_000_000);
    machine.process(9, 'ollamas', 3_000_000);
    expect(await readHostMemory(machine.places)).toMatchObject({ serverBytes: null });
  });

  it('is no more than the control groups of the server may have, less what cannot be reclaimed there', async () => {
    machine.meminfo(16_000_000, 9_000_000);
    machine.process(7, 'ollama', 1000, '/system.slice/ollama.service');
    machine.file('sys/fs/cgroup/system.slice/memory.max', 'max\n');
    machine.file('sys/fs/cgroup/system.slice/memory.current', '1\n');
    const service = 'sys/fs/cgroup/system.slice/ollama.service';
    machine.file(`${service}/memory.max`, `${4000 * MIB}\n`);
    machine.file(`${service}/memory.current`, `${3500 * MIB}\n`);
    machine.file(`${service}/memory.stat`, `anon 5\ninactive_file ${1000 * MIB}\nactive_file ${500 * MIB}\n`);
    expect(await readHostMemory(machine.places)).toMatchObject({
      totalBytes: 4000 * MIB,
      availableBytes: 2000 * MIB,
    });
  });

  it('leaves the groups alone when its processes are in several', async () => {
    machine.meminfo(16_000_000, 9_000_000);
    machine.process(7, 'ollama', 1000, '/a');
    machine.process(8, 'ollama', 1000, '/b');
    machine.file('sys/fs/cgroup/a/memory.max', `${MIB}`);
    machine.file('sys/fs/cgroup/a/memory.current', '0');
    expect(await readHostMemory(machine.places)).toMatchObject({ totalBytes: 16_000_000 * 1024 });
  });

  it('is the total alone where there is no such file, or garbage in it', async () => {
    const unknown = { totalBytes: expect.any(Number), serverBytes: null };
    expect(await readHostMemory(machine.places)).toMatchObject(unknown);
    machine.file('proc/meminfo', 'MemTotal: lots\n\0\0\0');
    expect(await readHostMemory(machine.places)).toMatchObject(unknown);
  });
});

describe('the memory of GPUs', () => {
  const gpu = () => new GpuMemory({ ...machine.places, path: join(machine.folder, 'bin') });

  it('is that of all of NVIDIA together', async () => {
    machine.program('nvidia-smi', 'echo "8192, 7000"; echo "24576, 20000"');
    expect(await gpu().read()).toEqual({ totalBytes: 32_768 * MIB, freeBytes: 27_000 * MIB });
  });

  it('is what the driver of AMD tells where there is no such tool', async () => {
    machine.file('sys/class/drm/card1/device/mem_info_vram_total', `${8192 * MIB}\n`);
    machine.file('sys/class/drm/card1/device/mem_info_vram_used', `${1000 * MIB}\n`);
    machine.file('sys/class/drm/card0/device/vendor', '0x8086\n');
    machine.file('sys/class/drm/card1-DP-1/status', 'connected\n');
    expect(await gpu().read()).toEqual({ totalBytes: 8192 * MIB, freeBytes: 7192 * MIB });
  });

  it('is else what the tool of AMD tells', async () => {
    machine.program(
      'rocm-smi',
      `echo '{"card0": {"VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "10997760"}, "system": {}}'`,
    );
    expect(await gpu().read()).toEqual({ totalBytes: 17_163_091_968, freeBytes: 17_152_094_208 });
  });

  it('is unknown without any of them', async () => {
    expect(await gpu().read()).toBeNull();
  });

  it.each([
    '',
    '[N/A], [N/A]',
    '8192',
    '8192, 7000\n24576, [N/A]',
    '8192, 9000',
    '0, 0',
    '-8192, -1',
    '8192, 7000; rm -rf /',
    'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.',
    '99999999999, 1',
    '8192, 7000\n'.repeat(65),
  ])('is unknown when the tool of NVIDIA says %j', (output) => {
    expect(parseNvidia(output)).toBeNull();
  });

  it.each(['', '{', '[]', 'null', '{"card0": null}', '{"card0": {"VRAM Total Memory (B)": 5}}', '{"gpu": {}}'])(
    'is unknown when the tool of AMD says %j',
    (output) => {
      expect(parseRocm(output)).toBeNull();
    },
  );
});

/** Empty when it is gone meanwhile. */
function statusOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/status`, 'utf8');
  } catch {
    return '';
  }
}

describe('a tool', () => {
  const tool = (nowMs?: () => number) => new Tool('tool', [], { path: machine.path, ...(nowMs && { nowMs }) });
  const asItIs = (output: string): string => output;

  it('that fails has said nothing', async () => {
    machine.program('tool', 'echo 5; exit 3');
    expect(await tool().ask(asItIs)).toBeNull();
  });

  it('that hangs is ended with all it has started, and is not waited for', async () => {
    machine.program('tool', `echo $$ > ${machine.folder}/id; sleep 600 & echo $! > ${machine.folder}/child; wait`);
    const asked = tool();
    expect(await asked.ask(asItIs, 300)).toBeNull();
    const isThere = (id: string): boolean => existsSync(`/proc/${id}`) && !/^State:\s+Z/m.test(statusOf(id));
    for (const name of ['id', 'child']) {
      const id = machine.read(name).trim();
      while (isThere(id)) await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('is never run twice at once', async () => {
    machine.program('tool', `echo run >> ${machine.folder}/runs; sleep 600`);
    const asked = tool();
    const first = asked.ask(asItIs, 300);
    expect(await asked.ask(asItIs)).toBeNull();
    await first;
    expect(machine.read('runs')).toBe('run\n');
  });

  it('that writes without end is ended', async () => {
    machine.program('tool', 'yes');
    expect(await tool().ask(asItIs, 60_000)).toBeNull();
  });

  it('that failed three times is left alone for a while', async () => {
    machine.program('tool', `echo run >> ${machine.folder}/runs; exit 1`);
    let nowMs = 0;
    const asked = tool(() => nowMs);
    for (let at = 0; at < 5; at++) await asked.ask(asItIs);
    expect(machine.read('runs')).toBe('run\n'.repeat(3));
    nowMs = 600_000;
    await asked.ask(asItIs);
    expect(machine.read('runs')).toBe('run\n'.repeat(4));
  });

  it('is given no shell: what its name looks like is of no matter', async () => {
    const asked = new Tool(`tool; touch ${machine.folder}/made`, [], { path: machine.path });
    expect(await asked.ask(asItIs)).toBeNull();
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);
  });
});

describe('this machine', () => {
  it('shows what it has without any tool', async () => {
    const metrics = new LocalMetrics({ path: machine.folder });
    const { host, loadAverage } = await metrics.read();
    expect(host!.totalBytes).toBeGreaterThan(0);
    expect(loadAverage).toEqual(expect.any(Number));
    metrics.close();
  });
});
