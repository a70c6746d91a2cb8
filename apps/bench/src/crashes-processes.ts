import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LOAD = fileURLToPath(new URL('./crashes-load.js', import.meta.url));
const MAINTENANCE = fileURLToPath(new URL('../../maintenance/dist/main.js', import.meta.url));

export interface Load {
  /** Resolves when it has opened the file and appends. */
  readonly begun: Promise<void>;
  /** True: it ran until then. */
  kill(): Promise<boolean>;
}

/** Starts the load; what it gets acknowledged is added to the map: id to position. */
export function startLoad(file: string, seed: number, acknowledged: Map<string, number>): Load {
  const child = spawn(process.execPath, [LOAD, file, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const closed = once(child, 'close');
  const begun = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === '!') resolve();
      const [position, id] = line.split(' ');
      // The kill may cut the last line.
      if (id?.length === 36) acknowledged.set(id, Number(position));
    });
    void closed.then(() => reject(new Error(`the load ended before it began: ${complaints}`)));
  });
  return {
    begun,
    kill: async () => {
      child.kill('SIGKILL');
      const [, signal] = (await closed) as [number | null, string | null];
      if (signal !== 'SIGKILL') throw new Error(`the load ended by itself: ${complaints}`);
      return true;
    },
  };
}

export interface CommandRun {
  readonly ms: number;
  readonly killed: boolean;
  /** What it said when it could not be carried out; null otherwise. */
  readonly failure: string | null;
}

/** Runs a maintenance command, and kills it after some milliseconds unless that is null. */
export async function runCommand(line: string, file: string, killAfterMs: number | null): Promise<CommandRun> {
  const began = performance.now();
  const args = [MAINTENANCE, ...line.split(' '), '--db', file];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const timer = killAfterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (timer !== null) clearTimeout(timer);
  return { ms: performance.now() - began, killed: signal === 'SIGKILL', failure: code === 2 ? complaints : null };
}
