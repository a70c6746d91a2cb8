import { watch } from 'chokidar';
import type { KeyTable } from './key.js';
import type { LiveConfiguration, Reloaded } from './live-configuration.js';

/** Editors write a file in several steps: the last one counts. */
const SETTLE_MS = 100;

export interface Watching {
  /** Resolves when changes are seen from now on. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Reloads when the file on disk changes, be it written in place or replaced, and on SIGHUP. */
export function watchConfiguration<Table extends KeyTable>(
  configuration: LiveConfiguration<Table>,
  reloaded: (outcome: Reloaded) => void,
): Watching {
  const reload = (): void => reloaded(configuration.reload());
  process.on('SIGHUP', reload);
  const { file } = configuration;
  const off = (): void => void process.off('SIGHUP', reload);
  if (file === null) return { ready: Promise.resolve(), close: async () => off() };

  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(file, { ignoreInitial: true });
  watcher.on('all', () => {
    clearTimeout(settling);
    settling = setTimeout(reload, SETTLE_MS);
  });
  // A folder that cannot be watched leaves SIGHUP.
  watcher.on('error', () => undefined);
  return {
    ready: new Promise((resolve) =>
      watcher.once('ready', () => {
        // What was written between the first reading and now gave no event.
        reload();
        resolve();
      }),
    ),
    close: async () => {
      off();
      clearTimeout(settling);
      await watcher.close();
    },
  };
}
