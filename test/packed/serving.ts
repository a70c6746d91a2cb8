import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Serving {
  /** Where it listens. */
  readonly url: string;
  readonly child: ChildProcess;
  /** Asks it to stop, and tells its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a command without a registry in reach; resolves when it listens, rejects with what it said when it ends before. */
export async function serving(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Serving> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, npm_config_offline: 'true', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-10_000)));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  // Shells and npx stand between: whoever asks the whole group asks the program too.
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM');
    const [code] = await exited;
    return code;
  };
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    void exited.then(([code]) => reject(new Error(`${command} ended with ${code}: ${complaints}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { url, child, stop };
}
