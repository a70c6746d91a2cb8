import { freemem, totalmem } from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limitsOf } from './control-group-memory.js';
import { serverProcesses } from './server-processes.js';
import type { SystemReading } from './system-metrics.js';

type Host = NonNullable<SystemReading['host']>;

export interface HostPlaces {
  /** @default '/proc' */
  readonly proc?: string;
  /** @default '/sys' */
  readonly sys?: string;
}

/**
 * The memory of this machine, within what the control group of the model server may have. Never rejects. Without
 * `/proc` the total is known, and on Windows what is free: what macOS calls free leaves out most of what it would give.
 */
export async function readHostMemory({ proc = '/proc', sys = '/sys' }: HostPlaces = {}): Promise<Host> {
  const info = await readFile(join(proc, 'meminfo'), 'utf8').catch(() => null);
  const machine = info === null ? null : parseMeminfo(info);
  if (machine === null) {
    const availableBytes = process.platform === 'win32' ? freemem() : null;
    return { totalBytes: totalmem(), availableBytes, serverBytes: null };
  }
  const server = await serverProcesses(proc);
  if (server === null) return { ...machine, serverBytes: null };
  const { heldBytes: serverBytes, controlGroup } = server;
  const limits = controlGroup === null ? [] : await limitsOf(join(sys, 'fs/cgroup'), controlGroup);
  return {
    totalBytes: Math.min(machine.totalBytes, ...limits.map(({ totalBytes }) => totalBytes)),
    availableBytes: Math.min(machine.availableBytes, ...limits.map(({ availableBytes }) => availableBytes)),
    serverBytes,
  };
}

/** `MemTotal` and `MemAvailable`, which counts caches of files as available, those that a runner has mapped included. */
export function parseMeminfo(info: string): { totalBytes: number; availableBytes: number } | null {
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, 'm').exec(info)?.[1]) * 1024;
  const totalBytes = read('MemTotal');
  const availableBytes = read('MemAvailable');
  return totalBytes > 0 && availableBytes <= totalBytes ? { totalBytes, availableBytes } : null;
}
