import type { MachineMemory, MemoryPool } from './machine-memory.js';

/** Readings that must agree before what they say counts: a runner that is being loaded holds memory without being shown. */
export const READINGS = 3;

/** Movements below this share of the total, and below so many bytes, change no decision worth an event. */
const MATERIAL_SHARE = 1 / 16;
const MATERIAL_BYTES = 512 * 2 ** 20;

/**
 * The memory that decisions are to go by, after the last readings, oldest first: within what all of them say, as near to
 * what decisions go by now as that allows. Null: it goes on as it is. The very first reading counts at once.
 */
export function steadyMemory(current: MachineMemory | null, readings: readonly MachineMemory[]): MachineMemory | null {
  const last = readings.at(-1);
  if (last === undefined) return null;
  if (current === null) return last;
  if (readings.length < READINGS) return null;
  const next: MachineMemory = {
    host: steadyPool(
      current.host,
      readings.map(({ host }) => host),
    ),
    gpu: steadyPool(
      current.gpu,
      readings.map(({ gpu }) => gpu),
    ),
    usesGpu: last.usesGpu,
  };
  const isMoved = next.usesGpu !== current.usesGpu || moved(current.host, next.host) || moved(current.gpu, next.gpu);
  return isMoved ? next : null;
}

function steadyPool(current: MemoryPool | null, readings: readonly (MemoryPool | null)[]): MemoryPool | null {
  const told = readings.filter((pool) => pool !== null);
  const last = told.at(-1);
  if (last === undefined) return null;
  if (told.length < readings.length) return current;
  const available = told.map(({ availableBytes }) => availableBytes);
  const { totalBytes } = last;
  if (current === null || current.totalBytes !== totalBytes) return last;
  const within = Math.max(current.availableBytes, Math.min(...available));
  return { totalBytes, availableBytes: Math.min(within, Math.max(...available)) };
}

function moved(before: MemoryPool | null, after: MemoryPool | null): boolean {
  if (before === null || after === null) return before !== after;
  if (before.totalBytes !== after.totalBytes) return true;
  const least = Math.max(MATERIAL_BYTES, after.totalBytes * MATERIAL_SHARE);
  return Math.abs(after.availableBytes - before.availableBytes) >= least;
}
