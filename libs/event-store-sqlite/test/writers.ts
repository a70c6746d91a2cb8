import { openEventStorage } from '@rightsize/event-store-sqlite';
import { build } from './built.js';

type Open = typeof openEventStorage;

/** The same storage with its events written on a thread of their own: that takes a compiled script. */
async function openThreaded(): Promise<Open> {
  build('libs/event-store-sqlite/tsconfig.build.json');
  const built = (await import(new URL('../dist/index.js', import.meta.url).href)) as { openEventStorage: Open };
  return (options) => built.openEventStorage({ ...options, appendThread: true });
}

/** Who writes, and the way to open what it writes to. */
export const WRITERS: readonly (readonly [name: string, open: () => Promise<Open>])[] = [
  ['events written here', () => Promise.resolve(openEventStorage)],
  ['events written on a thread', openThreaded],
];
