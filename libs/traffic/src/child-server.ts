import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A server in a process of its own. */
export interface ChildServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** Ends it as a user would, and waits until it has gone. */
  stop(): Promise<void>;
}

/**
 * Starts `node entry ...args` and resolves when it prints the line `... listening on URL ...`.
 * Rejects with what it wrote to stderr when it ends before.
 */
export function startServer(entry: string, args: readonly string[]): Promise<ChildServer> {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    complaints.push(chunk.toString());
    if (complaints.length > 100) complaints.shift();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
  };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${entry} ended with ${code}: ${complaints.join('')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url) resolve({ url, process: child, stop });
    });
  });
}
