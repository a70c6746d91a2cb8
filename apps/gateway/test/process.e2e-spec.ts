import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Bench, bodyOf, send } from './gateway-fixture.js';

const MAIN = join(process.cwd(), 'apps/gateway/dist/main.js');
const CANARY = 'canary-5f1d';

let bench: Bench;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  bench = new Bench();
  folder = mkdtempSync(join(tmpdir(), 'rightsize-gateway-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await bench.closeAll();
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], env: Record<string, string> = {}): ChildProcess & { errors: string } {
  const child = Object.assign(spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } }), {
    errors: '',
  });
  child.stderr.on('data', (chunk: Buffer) => (child.errors += chunk.toString()));
  children.push(child);
  return child;
}

/** The line that says where it listens. */
async function listening(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return line;
}

/** Resolves when nobody listens there any more. */
async function deaf(url: string): Promise<void> {
  for (;;) {
    try {
      await send(`${url}/rightsize/health`);
    } catch {
      return;
    }
  }
}

/** The parts of an Ollama server that the optimizer looks at, and a chat that waits to be ended. */
async function ollama(chats: ((response: ServerResponse) => void)[]): Promise<string> {
  return bench.upstream((request, response) => {
    void bodyOf(request).then(() => {
      if (request.url === '/api/chat') return chats.shift()?.(response);
      return response.end(request.url === '/api/ps' ? '{"models":[]}' : '{}');
    });
  });
}

describe('the gateway as a process', () => {
  it('says where it listens, decides, and on SIGTERM lets a stream end and writes everything down', async () => {
    const upstreamChat: ServerResponse[] = [];
    const upstream = await ollama([
      (response) => void upstreamChat.push(response.writeHead(200, { 'content-type': 'application/x-ndjson' })),
    ]);
    const database = join(folder, 'log.sqlite');
    const child = run(['--upstream', upstream, '--port', '0', '--db', database, '--log-level', 'debug']);
    const line = await listening(child);
    const [, url] = /^rightsize-gateway listening on (http:\/\/127\.0\.0\.1:\d+) -> (.*)$/.exec(line)!;
    expect(line.endsWith(` -> ${upstream}`)).toBe(true);

    const request = httpRequest(`${url}/api/chat`, { method: 'POST' });
    request.end(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: CANARY }] }));
    const exited = once(child, 'exit');
    request.once('socket', (socket) => socket.unref());
    const responded = once(request, 'response');
    while (upstreamChat.length === 0) await send(`${url}/rightsize/health`);
    upstreamChat[0]!.write('{"message":{"content":"x"},"done":false}\n');
    const [message] = (await responded) as [IncomingMessage];
    expect(message.headers['x-rightsize-num-ctx']).toMatch(/^\d+$/);

    child.kill('SIGTERM');
    // What comes now comes after it has stopped listening.
    await deaf(url!);
    upstreamChat[0]!.end('{"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":1}\n');
    expect((await bodyOf(message)).toString()).toContain('"done":true');
    expect(await exited).toEqual([0, null]);

    const written = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toString(
      'latin1',
    );
    expect(written).toContain('request.completed');
    expect(written).not.toContain(CANARY);
    expect(child.errors).not.toContain(CANARY);
  }, 30_000);

  it('on SIGTERM cuts a stream that does not end when its time is over, and records that', async () => {
    const upstreamChat: ServerResponse[] = [];
    const upstream = await ollama([
      (response) => void upstreamChat.push(response.writeHead(200, { 'content-type': 'application/x-ndjson' })),
    ]);
    const database = join(folder, 'log.sqlite');
    const child = run(['--upstream', upstream, '--port', '0', '--db', database, '--drain-seconds', '0.2']);
    const url = (await listening(child)).split(' ')[3]!;
    const request = httpRequest(`${url}/api/chat`, { method: 'POST' });
    request.end('{"model":"m","messages":[]}');
    const responded = once(request, 'response');
    while (upstreamChat.length === 0) await send(`${url}/rightsize/health`);
    upstreamChat[0]!.write('{"message":{"content":"x"},"done":false}\n');
    const [message] = (await responded) as [IncomingMessage];
    const cut = bodyOf(message).catch((error: Error) => error.message);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await cut).toBe('aborted');
    expect(await exited).toEqual([0, null]);
    const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(written.join('')).toContain('request.completed');
  }, 30_000);

  it('takes its options from the environment where the command line says nothing', async () => {
    const upstream = await ollama([(response) => response.end('{"done":true}')]);
    const child = run(['--port', '0'], {
      RIGHTSIZE_UPSTREAM: upstream,
      RIGHTSIZE_PORT: '1',
      RIGHTSIZE_MODE: 'shadow',
      RIGHTSIZE_DB: join(folder, 'env.sqlite'),
      RIGHTSIZE_MAX_BODY_MIB: '0.001',
      RIGHTSIZE_CLIENT_WINDOW: 'a*=floor, *@editor=exact',
    });
    const url = (await listening(child)).split(' ')[3]!;
    expect(JSON.parse((await send(`${url}/rightsize/health`)).body.toString())).toMatchObject({ mode: 'shadow' });
    const large = { method: 'POST', body: ' '.repeat(2000) };
    expect(await send(`${url}/api/chat`, large)).toMatchObject({ status: 413 });
    const body = '{"model":"m","options":{"num_ctx":12345},"messages":[]}';
    const { message } = await send(`${url}/api/chat`, {
      method: 'POST',
      body,
      headers: ['X-Rightsize-Client', 'editor'],
    });
    expect(message.headers).toMatchObject({
      'x-rightsize-rule': 'client-exact',
      'x-rightsize-num-ctx': '12345',
      'x-rightsize-mode': 'shadow',
    });
    expect(readdirSync(folder)).toContain('env.sqlite');
  }, 30_000);

  it('refuses a file of settings with each mistake\u2019s line, and only checks it when asked to', async () => {
    const file = join(folder, 'rightsize.yaml');
    writeFileSync(file, 'mode: shadow\nprot: 1\n');
    const refused = run(['--config', file, '--check']);
    expect(await once(refused, 'close')).toEqual([1, null]);
    expect(refused.errors).toBe('rightsize-gateway: rightsize.yaml:2: no such setting "prot" (did you mean "port"?)\n');
    writeFileSync(file, 'mode: shadow\n');
    expect(await once(run(['--check'], { RIGHTSIZE_CONFIG: file }), 'close')).toEqual([0, null]);
  }, 30_000);

  it.each([
    [['--port', '70000'], 'is not a whole number from 0 to 65535'],
    [['--mode', 'loud'], 'is not one of active, shadow, off'],
    [['--max-body-mib', '0'], 'not a number above zero'],
    [['--upstream', 'ftp://x'], 'must begin with http:// or https://'],
    [['--client-window', 'm=never'], 'is one of hint, floor, exact'],
  ])(
    'refuses %j in words',
    async (args, words) => {
      const child = run([
        ...args,
        '--db',
        join(folder, 'x.sqlite'),
        ...(args.includes('--port') ? [] : ['--port', '0']),
      ]);
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(1);
      expect(child.errors).toContain(words);
    },
    30_000,
  );
});
