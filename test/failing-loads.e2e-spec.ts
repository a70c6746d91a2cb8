import { jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { startServer, type ChildServer } from '@rightsize/traffic';

const APPS = resolve(import.meta.dirname, '../apps');

jest.setTimeout(60_000);

/** A card of 8 GiB beside 2 GiB of main memory: 36,864 tokens of window can be loaded, and no more. */
const HARDWARE = {
  vram_gib: 8,
  ram_gib: 2,
  weights_gib: 4.9,
  kv_kib_per_token: 128,
  load_s: 2,
  prefill_tps: 1800,
  decode_tps: 45,
  max_ctx: 131_072,
  default_ctx: 4096,
};

/** It fits, but not with room to spare. */
const FITS = 19_000;
const NEVER_FITS = 60_000;

let folder: string;
const servers: ChildServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-failing-'));
});

afterEach(async () => {
  for (const server of servers.splice(0).toReversed()) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(app: string, ...args: string[]): Promise<string> {
  const server = await startServer(join(APPS, app, 'dist/main.js'), ['--port', '0', ...args]);
  servers.push(server);
  return server.url;
}

async function stack(): Promise<{ server: string; gateway: string }> {
  const profile = join(folder, 'hardware.json');
  writeFileSync(profile, JSON.stringify({ hardware: HARDWARE }));
  const server = await start('ollama-sim', '--profile', profile, '--time-scale', '0');
  const gateway = await start('gateway', '--upstream', server, '--db', join(folder, 'log.sqlite'));
  return { server, gateway };
}

/** A prompt of so many tokens; its window would be half as large again. */
async function generate(gateway: string, tokens: number): Promise<Response> {
  const body = { model: 'llama3.2', prompt: 'word '.repeat(tokens), stream: false, options: { num_predict: 20 } };
  return fetch(`${gateway}/api/generate`, { method: 'POST', body: JSON.stringify(body) });
}

async function counters(server: string): Promise<Record<string, number>> {
  return (await (await fetch(`${server}/sim/stats`)).json()) as Record<string, number>;
}

describe('a window that the server cannot load', () => {
  it('is stepped down from once: the client gets its answer and sees nothing of the failure', async () => {
    const { server, gateway } = await stack();
    const answer = await generate(gateway, FITS);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-rightsize-failed-loads')).toBe('1');
    expect(await answer.json()).toMatchObject({ done: true });
    expect(await counters(server)).toMatchObject({ failed_loads: 1, loads: 2 });
  });

  it('is remembered: the next request that would like it does not try again, nor does a new process', async () => {
    const { server, gateway } = await stack();
    await generate(gateway, FITS);
    expect((await generate(gateway, FITS)).headers.get('x-rightsize-failed-loads')).toBeNull();
    await servers.pop()!.stop();
    const again = await start('gateway', '--upstream', server, '--db', join(folder, 'log.sqlite'));
    expect((await generate(again, FITS)).status).toBe(200);
    expect((await counters(server))['failed_loads']).toBe(1);
  });

  it('is told in the log, with what was tried next', async () => {
    const { gateway } = await stack();
    const id = (await generate(gateway, FITS)).headers.get('x-rightsize-decision')!;
    await servers.pop()!.stop();
    const storage = await openEventStorage({ file: join(folder, 'log.sqlite') });
    const events = await storage.store.readStream(`request-${id}`, { from: 1, limit: 9 });
    await storage.close();
    expect(events.map(({ type }) => type)).toEqual(['request.optimized', 'runner.load-failed', 'request.completed']);
    const { window, cause, next } = events[1]!.data as {
      window: number;
      cause: string;
      next: { numCtx: number };
    };
    expect([cause, next.numCtx < window]).toEqual(['memory', true]);
  });

  it('leaves the client what it would have got directly, where a smaller one fails too', async () => {
    const { server, gateway } = await stack();
    const answer = await generate(gateway, NEVER_FITS);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-rightsize-failed-loads')).toBe('2');
    expect(answer.headers.get('x-rightsize-rule')).toBe('leave');
    expect(await counters(server)).toMatchObject({ failed_loads: 2, loads: 3 });
  });
});
