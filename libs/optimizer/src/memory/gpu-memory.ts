import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tool } from './run-tool.js';
import type { SystemReading } from './system-metrics.js';

type Gpu = NonNullable<SystemReading['gpu']>;

const MIB = 2 ** 20;
/** No GPU has more, and no machine more of them: what says so is not believed. */
const MOST_BYTES = 2 ** 40;
const MOST_GPUS = 64;

/** The memory of the GPUs of this machine: of NVIDIA's as their tool tells it, else of AMD's as the kernel or their tool does. */
export class GpuMemory {
  readonly #drm: string;
  readonly #nvidia: Tool;
  readonly #rocm: Tool;

  constructor({ sys = '/sys', path }: { readonly sys?: string; readonly path?: string | undefined } = {}) {
    this.#drm = join(sys, 'class/drm');
    this.#nvidia = new Tool('nvidia-smi', ['--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits'], {
      path,
    });
    this.#rocm = new Tool('rocm-smi', ['--showmeminfo', 'vram', '--json'], { path });
  }

  /** Null: there are none that can be seen. Never rejects. */
  async read(): Promise<Gpu | null> {
    return (await this.#nvidia.ask(parseNvidia)) ?? (await readAmdgpu(this.#drm)) ?? (await this.#rocm.ask(parseRocm));
  }

  close(): void {
    this.#nvidia.close();
    this.#rocm.close();
  }
}

/** Lines of `total, free` in MiB, one a GPU. Null when one of them is anything else: `[N/A]` where GPU and host share their memory. */
export function parseNvidia(output: string): Gpu | null {
  const lines = output.trim().split('\n');
  const cards = lines.map((line) => {
    const [total, free] = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(line)?.slice(1).map(Number) ?? [];
    return total === undefined || free === undefined ? null : { totalBytes: total * MIB, freeBytes: free * MIB };
  });
  return together(cards);
}

/** `{"card0": {"VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "10997760"}}`. */
export function parseRocm(output: string): Gpu | null {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const cards = Object.entries(json).filter(([name]) => /^card\d+$/.test(name));
  return together(
    cards.map(([, card]: [string, Record<string, unknown> | null]) =>
      cardOf(card?.['VRAM Total Memory (B)'], card?.['VRAM Total Used Memory (B)']),
    ),
  );
}

/** Cards that the `amdgpu` driver tells of. */
async function readAmdgpu(folder: string): Promise<Gpu | null> {
  const names = await readdir(folder).catch(() => []);
  const cards = names.filter((name) => /^card\d+$/.test(name)).slice(0, MOST_GPUS);
  const read = (card: string, file: string): Promise<string | null> =>
    readFile(join(folder, card, 'device', file), 'utf8').catch(() => null);
  const found = await Promise.all(
    cards.map(async (card) => ({
      total: await read(card, 'mem_info_vram_total'),
      used: await read(card, 'mem_info_vram_used'),
    })),
  );
  return together(found.filter(({ total }) => total !== null).map(({ total, used }) => cardOf(total, used)));
}

function cardOf(total: unknown, used: unknown): Gpu | null {
  const [totalBytes, usedBytes] = [total, used].map((value) =>
    typeof value === 'string' && /^\s*\d{1,15}\s*$/.test(value) ? Number(value) : NaN,
  ) as [number, number];
  return Number.isNaN(totalBytes - usedBytes) ? null : { totalBytes, freeBytes: totalBytes - usedBytes };
}

function together(cards: readonly (Gpu | null)[]): Gpu | null {
  const known = cards.filter((card) => card !== null && isSound(card)) as readonly Gpu[];
  if (known.length === 0 || known.length < cards.length || known.length > MOST_GPUS) return null;
  return {
    totalBytes: known.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
    freeBytes: known.reduce((sum, { freeBytes }) => sum + freeBytes, 0),
  };
}

function isSound({ totalBytes, freeBytes }: Gpu): boolean {
  return totalBytes > 0 && totalBytes <= MOST_BYTES && freeBytes >= 0 && freeBytes <= totalBytes;
}
