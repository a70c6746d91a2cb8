import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = resolve('apps/ollama-sim/dist/main.js');
const CONFORMANCE = resolve('../shared/real/conformance.py');
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function build(): Promise<void> {
  const tsc = spawn(process.execPath, [
    resolve('node_modules/typescript/bin/tsc'),
    '-b',
    resolve('apps/ollama-sim/tsconfig.build.json'),
  ]);
  await once(tsc, 'exit');
}

async function start(...options: string[]): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = /^ollama-sim listening on (http:\S+)$/.exec(line)?.[1];
  if (url === undefined) throw new Error(line);
  return { child, url };
}

/** Runs a command to its end; null when there is no such command. */
async function run(
  command: string,
  args: string[],
): Promise<{ readonly code: number | null; readonly output: string } | null> {
  const child = spawn(command, args);
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  return new Promise((done) => {
    child.once('error', () => done(null));
    child.once('close', (code) => done({ code, output }));
  });
}

describe('the simulator as a process', () => {
  beforeAll(build, 120_000);

  it('prints where it listens, and ends cleanly on SIGTERM', async () => {
    const { child, url } = await start('--time-scale', '0');
    expect(await (await fetch(url)).text()).toBe('Ollama is running');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('takes hardware from a file, further models, a default window and a version', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ollama-sim-'));
    const file = join(folder, 'tiny.json');
    const hardware = {
      vram_gib: 4,
      weights_gib: 1,
      kv_kib_per_token: 64,
      load_s: 1,
      prefill_tps: 100,
      decode_tps: 10,
      max_ctx: 8192,
      default_ctx: 2048,
    };
    writeFileSync(file, JSON.stringify({ hardware }));
    const { url } = await start(
      '--time-scale',
      '0',
      '--profile',
      file,
      '--model',
      'mine',
      '--context-length',
      '3000',
      '--ollama-version',
      '0.31.0',
    );
    rmSync(folder, { recursive: true });
    await fetch(`${url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'mine' }) });
    const ps = (await (await fetch(`${url}/api/ps`)).json()) as { models: { name: string; context_length: number }[] };
    expect(ps.models).toMatchObject([{ name: 'mine:latest', context_length: 3000 }]);
    expect(await (await fetch(`${url}/api/version`)).json()).toEqual({ version: '0.31.0' });
  });

  it('says what is wrong with its arguments', async () => {
    const ended = await run(process.execPath, [MAIN, '--profile', 'nothing-like-this']);
    expect(ended?.code).toBe(1);
    expect(ended?.output).toContain('gpu8, gpu24, cpu or a JSON file');
  });

  it.each([
    ['llama3.2', '0.02'],
    ['qwen3', '0.02'],
  ])(
    'passes the conformance checks as %s at time scale %s',
    async (model, scale) => {
      if (!existsSync(CONFORMANCE) || (await run('python3', ['--version'])) === null) {
        console.log(`conformance not checked: ${CONFORMANCE} or python3 is not here`);
        return;
      }
      const { url } = await start('--time-scale', scale);
      const ended = await run('python3', [CONFORMANCE, url, model]);
      expect(ended?.output).toContain('29 checks, 0 failed');
    },
    120_000,
  );
});
