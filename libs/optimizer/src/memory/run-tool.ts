import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** A tool that takes longer says nothing about now. */
const TIMEOUT_MS = 3_000;
const MAX_OUTPUT_BYTES = 2 ** 16;

/** Failures in a row after which a tool is left alone, and for how long. */
const FAILURES = 3;
const REST_MS = 600_000;

/**
 * Another program, asked for a few lines: without a shell, bounded in time and size, and never twice at once: one that
 * hangs in a driver cannot be killed, and must not be joined by others.
 */
export class Tool {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #path: string | undefined;
  readonly #nowMs: () => number;
  #running: ChildProcess | null = null;
  #failures = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  /** `path`: where it is looked for; as for every program when undefined. */
  constructor(
    name: string,
    args: readonly string[],
    { path, nowMs = () => performance.now() }: { path?: string | undefined; nowMs?: () => number } = {},
  ) {
    this.#name = name;
    this.#args = args;
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /** What it wrote; null when it is not there, failed, wrote too much or took too long, or when `read` makes nothing of it. Never rejects. */
  async ask<T>(read: (output: string) => T | null, timeoutMs = TIMEOUT_MS): Promise<T | null> {
    if (this.#running !== null || this.#nowMs() < this.#restsUntilMs) return null;
    const output = await this.#run(timeoutMs);
    const answer = output === null ? null : read(output);
    this.#failures = answer === null ? this.#failures + 1 : 0;
    if (this.#failures >= FAILURES) {
      this.#failures = 0;
      this.#restsUntilMs = this.#nowMs() + REST_MS;
    }
    return answer;
  }

  close(): void {
    if (this.#running) end(this.#running);
  }

  #run(timeoutMs: number): Promise<string | null> {
    return new Promise((resolve) => {
      const path = this.#path ?? process.env['PATH'];
      const child = spawn(this.#name, this.#args, {
        shell: false,
        // A group of its own: what it has started ends with it.
        detached: process.platform !== 'win32',
        stdio: ['ignore', 'pipe', 'ignore'],
        windowsHide: true,
        env: { ...process.env, LC_ALL: 'C', ...(path === undefined ? {} : { PATH: path }) },
      });
      this.#running = child;
      // Nobody waits for it at the end of the process.
      child.unref();
      (child.stdout as Socket).unref();
      const chunks: Buffer[] = [];
      let size = 0;
      const conclude = (output: string | null): void => {
        clearTimeout(timer);
        child.stdout.destroy();
        resolve(output);
      };
      const giveUp = (): void => {
        end(child);
        conclude(null);
      };
      const timer = setTimeout(giveUp, timeoutMs);
      timer.unref();
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > MAX_OUTPUT_BYTES) giveUp();
      });
      child.stdout.on('error', () => undefined);
      child.once('error', () => {
        this.#running = null;
        conclude(null);
      });
      child.once('exit', () => (this.#running = null));
      child.once('close', (code) => conclude(code === 0 ? Buffer.concat(chunks).toString('utf8') : null));
    });
  }
}

function end(child: ChildProcess): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
