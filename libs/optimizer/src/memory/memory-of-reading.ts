import type { MachineMemory, MemoryPool } from '@rightsize/optimizer-core';
import type { LoadedModel } from '../backend.js';
import type { SystemReading } from './system-metrics.js';

/** Runners may be shown a little larger than they are. Bytes. */
const SLACK_BYTES = 512 * 2 ** 20;

/** On the machine of Linux the server's processes are seen: where they are not, it runs elsewhere, behind a tunnel say. */
const SHOWS_PROCESSES = process.platform === 'linux';

export interface ReadingContext {
  /** What the server has loaded. */
  readonly loaded: readonly LoadedModel[];
  /** Somebody says that the server runs on this machine: nothing has to show it. */
  readonly isCertain: boolean;
  /** A runner was seen wholly on a GPU before. */
  readonly usedGpu: boolean;
}

/**
 * What runners can be given, out of what the machine shows: what is free, and what they hold themselves, for the server
 * unloads one where another needs its place. So this moves when other programs take or give back memory, not with loads. Readings that
 * cannot be those of the server's machine count as none.
 */
export function memoryOf(
  { host, gpu }: SystemReading,
  { loaded, isCertain, usedGpu }: ReadingContext,
  showsProcesses: boolean = SHOWS_PROCESSES,
): MachineMemory {
  const isHere = isCertain || (showsProcesses && typeof host?.serverBytes === 'number');
  const usesGpu = usedGpu || loaded.some(({ sizeBytes, sizeVramBytes }) => !!sizeBytes && sizeVramBytes === sizeBytes);
  if (!isHere) return { host: null, gpu: null, usesGpu };
  return { host: hostPool(host, loaded), gpu: gpuPool(gpu, loaded), usesGpu };
}

/** Where the processes cannot be seen, a runner is taken to hold all that it is shown to have: rather too much than too little. */
function hostPool(host: SystemReading['host'], loaded: readonly LoadedModel[]): MemoryPool | null {
  if (host === null) return null;
  const { totalBytes, availableBytes } = host;
  if (availableBytes === null) return { totalBytes, availableBytes: totalBytes };
  const ownBytes = host.serverBytes ?? sum(loaded, ({ sizeBytes }) => sizeBytes);
  return { totalBytes, availableBytes: Math.min(totalBytes, availableBytes + ownBytes) };
}

/** Runners that would not fit what is used of the GPUs lie on others, which nobody sees here, or in the host's memory. */
function gpuPool(gpu: SystemReading['gpu'], loaded: readonly LoadedModel[]): MemoryPool | null {
  if (gpu === null) return null;
  const { totalBytes, freeBytes } = gpu;
  const ownBytes = sum(loaded, ({ sizeVramBytes }) => sizeVramBytes);
  if (ownBytes > totalBytes - freeBytes + SLACK_BYTES) return null;
  return { totalBytes, availableBytes: Math.min(totalBytes, freeBytes + ownBytes) };
}

function sum(loaded: readonly LoadedModel[], bytesOf: (model: LoadedModel) => number | null): number {
  return loaded.reduce((bytes, model) => bytes + (bytesOf(model) ?? 0), 0);
}
