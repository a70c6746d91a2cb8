import { loadavg } from 'node:os';
import { GpuMemory } from './gpu-memory.js';
import { readHostMemory, type HostPlaces } from './host-memory.js';
import type { SystemMetrics, SystemReading } from './system-metrics.js';

/** {@link SystemMetrics} of the machine that this process runs on. */
export class LocalMetrics implements SystemMetrics {
  readonly #places: HostPlaces;
  readonly #gpu: GpuMemory;

  /** `path`: where the tools of GPUs are looked for. */
  constructor(places: HostPlaces & { readonly path?: string } = {}) {
    this.#places = places;
    this.#gpu = new GpuMemory(places);
  }

  async read(): Promise<SystemReading> {
    const [host, gpu] = await Promise.all([
      readHostMemory(this.#places).catch(() => null),
      this.#gpu.read().catch(() => null),
    ]);
    const [loadAverage = 0] = process.platform === 'win32' ? [] : loadavg();
    return { host, gpu, loadAverage: process.platform === 'win32' ? null : loadAverage };
  }

  close(): void {
    this.#gpu.close();
  }
}
