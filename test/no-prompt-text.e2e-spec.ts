import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startServer, type ChildServer } from '@rightsize/traffic';

const APPS = resolve(import.meta.dirname, '..', 'apps');
const CANARY = 'quixotic-canary-90817';

let folder: string;
let simulator: ChildServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-canary-'));
  simulator = await startServer(join(APPS, 'ollama-sim/dist/main.js'), ['--port', '0', '--time-scale', '0.001']);
});

afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('nothing of a prompt reaches the database, its files or the log, whatever becomes of the request', async () => {
  const args = ['--upstream', simulator.url, '--port', '0', '--db', join(folder, 'log.sqlite'), '--log-level', 'debug'];
  const gateway = spawn(process.execPath, [join(APPS, 'gateway/dist/main.js'), ...args, '--max-body-mib', '1']);
  let written = '';
  gateway.stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
  gateway.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const [line] = (await once(createInterface({ input: gateway.stdout }), 'line')) as [string];
  const url = /http:\/\/127\S+/.exec(line)![0];

  const post = (path: string, body: unknown) =>
    fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }).then((answer) =>
      answer.text().then(() => answer.status),
    );
  const text = `${CANARY} ${Array.from({ length: 200 }, (_, i) => `line ${i} of what ${CANARY} said`).join(' ')}`;
  const messages = [
    { role: 'system', content: text },
    { role: 'user', content: text },
  ];
  const chat = { model: 'llama3.2', messages, options: { num_predict: 4 } };
  const statuses = [
    await post('/api/chat', chat),
    await post('/api/chat', chat),
    await post('/api/chat', { ...chat, messages: [{ role: 'user', content: text.repeat(30) }] }),
    await post('/api/generate', { model: 'llama3.2', prompt: text, system: text, options: { num_predict: 4 } }),
    await post('/api/chat', { ...chat, tools: [{ type: 'function', function: { name: CANARY, parameters: {} } }] }),
    await post('/api/chat', { ...chat, options: { num_ctx: CANARY } }),
    await post('/api/chat', { ...chat, model: CANARY }),
    await post('/api/chat', `{"model":"llama3.2","prompt":"${CANARY}`),
    await post('/v1/chat/completions', { ...chat, max_tokens: 4 }),
    await post('/api/generate', { model: 'llama3.2', prompt: CANARY.repeat(100_000) }),
  ];
  expect(statuses.map((status) => Math.floor(status / 100))).toEqual([2, 2, 2, 2, 2, expect.anything(), 4, 4, 2, 4]);

  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  const files = readdirSync(folder);
  const stored = files.map((file) => readFileSync(join(folder, file), 'latin1')).join('\n');
  expect(stored).toContain('request.completed');
  expect(stored).not.toContain('quixotic');
  expect(written).toContain('listening on');
  expect(written).not.toContain('quixotic');
}, 60_000);
