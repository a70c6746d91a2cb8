import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemoryPool } from '@rightsize/optimizer-core';

/** Groups lie in groups: deeper than this nobody nests them. */
const MOST_LEVELS = 16;

/**
 * What a control group (version 2) and those that it lies in may have, where they are limited; `group` is a path
 * below `root`. Caches of files that the group has filled are reclaimed before it runs out: they count as available.
 */
export async function limitsOf(root: string, group: string): Promise<readonly MemoryPool[]> {
  const names = group.split('/').filter((name) => name !== '' && name !== '..');
  const paths = names.map((_, at) => join(root, ...names.slice(0, at + 1)));
  // In a container the root itself is the container's group.
  const limits = await Promise.all([root, ...paths].slice(0, MOST_LEVELS).map(limitOf));
  return limits.filter((limit) => limit !== null);
}

async function limitOf(folder: string): Promise<MemoryPool | null> {
  const [max, current, stat] = await Promise.all(
    ['memory.max', 'memory.current', 'memory.stat'].map((file) => readFile(join(folder, file), 'utf8').catch(() => '')),
  );
  const totalBytes = bytes(max!);
  const usedBytes = bytes(current!);
  if (totalBytes === null || usedBytes === null) return null;
  const cached = ['inactive_file', 'active_file'].reduce(
    (sum, name) => sum + Number(new RegExp(`^${name} (\\d{1,15})$`, 'm').exec(stat!)?.[1] ?? 0),
    0,
  );
  const availableBytes = Math.min(totalBytes, Math.max(0, totalBytes - usedBytes + cached));
  return { totalBytes, availableBytes };
}

/** `max` stands for no limit. */
function bytes(text: string): number | null {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}
