import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { SafeguardTrippedV1 } from '@rightsize/optimizer-core';
import { KEYS, type GatewayKeys } from '../src/configuration/keys.js';
import { send, until } from './gateway-fixture.js';
import { chat, json, SettingsBench } from './settings-fixture.js';

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

/** Brings a setting into force, at start or by a reload, and gives the gateway's address. */
type InForce = (yaml: string) => Promise<{ url: string; close(): Promise<void> }>;

const atStart: InForce = (yaml) => bench.start(yaml);

const byReload: InForce = async (yaml) => {
  const started = await bench.start('');
  writeFileSync(bench.file, yaml);
  expect(started.configuration.reload()).toMatchObject({ kind: 'applied', needRestart: [] });
  return started;
};

/** The upstream answers no chat until the returned function is called. */
function withholdAnswers(): () => void {
  const withheld: ServerResponse[] = [];
  bench.intercept = (path, response) => path === '/api/chat' && withheld.push(response) > 0;
  return () => {
    bench.intercept = () => false;
    for (const response of withheld) response.end('{"done":true}');
  };
}

const TRIPPED: SafeguardTrippedV1 = {
  model: 'm:latest',
  harm: 'failures',
  against: 'baseline',
  recent: { harmed: 10, completions: 20 },
  reference: { harmed: 0, completions: 60 },
  chance: 1e-7,
  atMs: 0,
};

/** One for each setting: fails when the setting is ignored. */
const EFFECTS: Readonly<Record<keyof GatewayKeys, (inForce: InForce) => Promise<void>>> = {
  upstream: async (inForce) => {
    const { url } = await inForce('upstream: UPSTREAM');
    await send(`${url}/api/tags`);
    expect(bench.asked).toContain('GET /api/tags');
  },
  backend: async (inForce) => {
    const { url } = await inForce('backend: openai');
    expect((await complete(url)).message.headers).toMatchObject({ 'x-rightsize-rule': 'fixed' });
  },
  'fixed-window': async (inForce) => {
    bench.intercept = (path, response) =>
      path === '/v1/models' && Boolean(response.end(JSON.stringify({ data: [{ id: 'm' }] })));
    const { url } = await inForce('backend: openai\nfixed-window: 5000\n');
    expect((await complete(url)).message.headers).toMatchObject({ 'x-rightsize-num-ctx': '5000' });
  },
  host: async (inForce) => {
    expect((await inForce('host: 127.0.0.2')).url).toContain('127.0.0.2');
  },
  port: async (inForce) => {
    const probe = createServer();
    const port = await bench.listen(probe);
    await new Promise((resolve) => probe.close(resolve));
    expect((await inForce(`port: ${port}`)).url).toBe(`http://127.0.0.1:${port}`);
  },
  db: async (inForce) => {
    await inForce('db: FOLDER/other.sqlite');
    expect(existsSync(join(bench.folder, 'other.sqlite'))).toBe(true);
  },
  mode: async (inForce) => {
    const { url } = await inForce(
      'mode: shadow\nclients:\n  editor:\n    mode: off\nmodels:\n  "m:*":\n    mode: active\n',
    );
    expect((await chat(url, { client: 'editor' })).message.headers).toMatchObject({ 'x-rightsize-rule': 'off' });
    const { headers } = (await chat(url)).message;
    expect(headers['x-rightsize-num-ctx']).toBeDefined();
    expect(headers['x-rightsize-mode']).toBeUndefined();
    expect(await json(`${url}/rightsize/health`)).toMatchObject({ mode: 'shadow' });
  },
  'memory-gib': async (inForce) => {
    // Weights of 4 GiB and .6 beside them leave .5 GiB: 4,096 tokens of 128 KiB.
    const { url } = await inForce('memory-gib: 60\nmodels:\n  "m*":\n    memory-gib: 5.1\n');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-num-ctx': '4096' });
  },
  'system-metrics': async (inForce) => {
    bench.program('nvidia-smi', 'echo "8192, 6000"');
    const { url } = await inForce('system-metrics: on\nadmin:\n  requests-per-minute: 1000000\n');
    await bench.measured(url, (memory) => memory.inForce?.gpu?.availableBytes === 6000 * 2 ** 20);
  },
  'system-metrics-seconds': async (inForce) => {
    bench.program('nvidia-smi', `echo run >> ${bench.folder}/runs; echo "8192, 6000"`);
    const { url } = await inForce(
      'system-metrics: on\nsystem-metrics-seconds: 0.01\nadmin:\n  requests-per-minute: 1000000\n',
    );
    // With the default they would take a minute.
    const runs = join(bench.folder, 'runs');
    await bench.measured(url, () => existsSync(runs) && readFileSync(runs, 'utf8').length > 6 * 'run\n'.length);
  },
  'server-window': async (inForce) => {
    const { url } = await inForce('server-window: 32768');
    const id = (await chat(url)).message.headers['x-rightsize-decision'];
    const explained = (): Promise<unknown> => json(`${url}/rightsize/v1/decisions/${String(id)}/explanation`);
    let events: readonly unknown[] | undefined;
    do events = ((await explained()) as { events?: readonly unknown[] }).events;
    while (events === undefined);
    expect(events[0]).toMatchObject({ data: { serverWindow: 32_768 } });
  },
  'kv-cache-type': async (inForce) => {
    // The same .5 GiB hold 8,192 tokens of .53 of 128 KiB, less what is no multiple of 256.
    const { url } = await inForce('memory-gib: 5.1\nkv-cache-type: q8_0\n');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-num-ctx': '7680' });
  },
  parallel: async (inForce) => {
    const { url } = await inForce('memory-gib: 5.1\nparallel: 2\n');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-num-ctx': '2048' });
  },
  'num-batch': async (inForce) => {
    const { url } = await inForce('num-batch: learn');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-num-batch': 'server' });
  },
  'client-window': async (inForce) => {
    const { url } = await inForce(
      'client-window: [exact, "*@agent=hint"]\nclients:\n  editor:\n    client-window: floor\n',
    );
    const window = async (client: string): Promise<string> =>
      String((await chat(url, { client, numCtx: 20_000 })).message.headers['x-rightsize-num-ctx']);
    expect(Number(await window('agent'))).toBeLessThan(20_000);
    expect(Number(await window('editor'))).toBeGreaterThan(20_000);
    expect(await window('other')).toBe('20000');
  },
  v1: async (inForce) => {
    const { url } = await inForce('v1: [pass]\nmodels:\n  "other*":\n    v1: [translate, chat=pass]\n');
    const body = '{"model":"m","messages":[{"role":"user","content":"Hello"}]}';
    await send(`${url}/v1/chat/completions`, { method: 'POST', body });
    expect(bench.asked).toContain('POST /v1/chat/completions');
  },
  'max-body-mib': async (inForce) => {
    const { url } = await inForce('max-body-mib: 0.001');
    expect(await chat(url, { content: 'x'.repeat(2000) })).toMatchObject({ status: 413 });
  },
  'drain-seconds': async (inForce) => {
    bench.intercept = (path, response) => path === '/api/chat' && response.write('{"done":false}\n');
    const { url, close } = await inForce('drain-seconds: 0.05');
    void chat(url).catch(() => undefined);
    await bench.seen('POST /api/chat');
    await close();
  },
  'connect-timeout-seconds': async (inForce) => {
    const { url } = await inForce(`connect-timeout-seconds: 0.05\nupstream: ${await bench.deafServer()}`);
    expect(await send(`${url}/api/tags`)).toMatchObject({ status: 502 });
  },
  'log-level': async () => {
    writeFileSync(bench.file, 'log-level: silent\nport: 0\n');
    const main = join(process.cwd(), 'apps/gateway/dist/main.js');
    const args = [main, '--config', bench.file, '--db', join(bench.folder, 'log.sqlite')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let logged = '';
    child.stderr.on('data', (chunk: Buffer) => (logged += chunk.toString()));
    await once(createInterface(child.stdout), 'line');
    expect(logged).toBe('');
    writeFileSync(bench.file, 'log-level: debug\nport: 0\n');
    await until(() => logged.includes('log-level: silent -> debug'));
    child.kill('SIGKILL');
  },
  'policy.unknown-window': async (inForce) => {
    const { url } = await inForce('policy:\n  unknown-window: 10240');
    expect((await chat(url)).message.headers['x-rightsize-num-ctx']).toBe('10240');
  },
  'policy.margin': async (inForce) => {
    const { url } = await inForce('policy:\n  margin: 9');
    await chat(url);
    const [decision] = (await json(`${url}/rightsize/decisions`)) as [{ inputs?: object; need: number }];
    // Ten times what an unknown answer takes, at least.
    expect(decision.need).toBeGreaterThan(5000);
  },
  'policy.headroom': async (inForce) => {
    const { url } = await inForce('policy:\n  headroom: 50');
    expect(Number((await chat(url)).message.headers['x-rightsize-num-ctx'])).toBeGreaterThan(20_000);
  },
  'retrain-at': async (inForce) => {
    writeFileSync(bench.file, inForce === atStart ? 'retrain-at: 03:30\nport: 0\n' : 'port: 0\n');
    const main = join(process.cwd(), 'apps/gateway/dist/main.js');
    const args = [main, '--config', bench.file, '--db', join(bench.folder, 'log.sqlite')];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TZ: 'UTC' },
    });
    let logged = '';
    child.stderr.on('data', (chunk: Buffer) => (logged += chunk.toString()));
    await once(createInterface(child.stdout), 'line');
    if (inForce === byReload) writeFileSync(bench.file, 'retrain-at: 03:30\nport: 0\n');
    await until(() => logged.includes('T03:30:00.000Z'));
    child.kill('SIGKILL');
  },
  'poll-ms': async (inForce) => {
    const { url } = await inForce('poll-ms: 10');
    await chat(url);
    await bench.seen('GET /api/ps', 12);
  },
  'stale-ms': async (inForce) => {
    const { url } = await inForce('stale-ms: 0.001\npoll-ms: 60000');
    for (let at = 0; at < 4; at++) await chat(url);
    await bench.seen('GET /api/ps', 4);
  },
  'look-ms': async (inForce) => {
    const { url } = await inForce('look-ms: 60000\nstale-ms: 0.001\npoll-ms: 60000');
    // A server that takes its time: with the default a request would not have waited for it.
    bench.intercept = (path, response) => {
      if (path !== '/api/ps') return false;
      setTimeout(() => {
        bench.asked.push('looked');
        response.end('{"models":[]}');
      }, 600);
      return true;
    };
    await chat(url);
    expect(bench.asked.indexOf('looked')).toBeGreaterThan(-1);
    expect(bench.asked.indexOf('looked')).toBeLessThan(bench.asked.indexOf('POST /api/chat'));
  },
  'hold-seconds': async (inForce) => {
    const { url } = await inForce('hold-seconds: 0.05');
    const answer = withholdAnswers();
    // The first opens the model and is not answered; with the default the second would wait a minute.
    const asked = [chat(url), chat(url)];
    await bench.seen('POST /api/chat', 2);
    answer();
    await Promise.all(asked);
  },
  'max-held': async (inForce) => {
    const { url } = await inForce('max-held: 1');
    const answer = withholdAnswers();
    const asked = Array.from({ length: 3 }, () => chat(url));
    expect(await Promise.race(asked)).toMatchObject({ status: 503 });
    answer();
    await Promise.all(asked);
  },
  'retain-days': (inForce) => expectDeleted('retain-days: 1', inForce),
  'retain-mib': (inForce) => expectDeleted('retain-mib: 0.001', inForce),
  'admin.key': async (inForce) => {
    const { url } = await inForce(`admin:\n  key: ${KEY}\n`);
    expect(await status(url)).toBe(401);
    expect(await status(url, ['Authorization', `Bearer ${KEY}`])).toBe(200);
  },
  'admin.read-key': async (inForce) => {
    const { url } = await inForce(`admin:\n  read-key: ${KEY}\n`);
    expect(await status(url)).toBe(401);
    expect(await status(url, ['Authorization', `Bearer ${KEY}`])).toBe(200);
  },
  'admin.origins': async (inForce) => {
    const { url } = await inForce('admin:\n  origins: [https://pages.example]\n');
    expect(await status(url, ['Origin', 'https://other.example'])).toBe(403);
    expect(await status(url, ['Origin', 'https://pages.example'])).toBe(200);
  },
  'admin.requests-per-minute': async (inForce) => {
    const { url } = await inForce('admin:\n  requests-per-minute: 2\n');
    expect([await status(url), await status(url), await status(url)]).toEqual([200, 200, 429]);
  },
  'metrics.open': async (inForce) => {
    const { url } = await inForce('metrics:\n  open: true\n');
    expect(await send(`${url}/metrics`, { headers: ['X-Forwarded-For', '192.0.2.7'] })).toMatchObject({ status: 200 });
  },
  'metrics.models': async (inForce) => {
    const { url } = await inForce('metrics:\n  models: 0\n');
    await chat(url);
    expect((await send(`${url}/metrics`)).body.toString()).toMatch(/rightsize_decisions_total\{.*model="other"/);
  },
  'metrics.clients': async (inForce) => {
    const { url } = await inForce('metrics:\n  clients: 0\n');
    await chat(url, { client: 'editor' });
    expect((await send(`${url}/metrics`)).body.toString()).toMatch(/rightsize_client_requests_total\{client="other"/);
  },
  commands: async (inForce) => {
    const { url } = await inForce('commands: slash');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-rule': 'off' });
    const body = JSON.stringify({
      model: 'llama3',
      stream: false,
      messages: [{ role: 'user', content: '/opt status' }],
    });
    const answer = await send(`${url}/api/chat`, { method: 'POST', body });
    expect(answer.body.toString()).toContain('Rightsize is ');
  },
  safeguards: async (inForce) => {
    await bench.recordBefore({ type: 'safeguard.tripped', data: { ...TRIPPED, atMs: Date.now() } });
    const { url } = await inForce('safeguards: off');
    expect((await chat(url)).message.headers).not.toHaveProperty('x-rightsize-safeguard');
  },
  'control-percent': async (inForce) => {
    const { url } = await inForce('control-percent: 100');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-safeguard': 'control' });
  },
  'safeguard-cooldown-seconds': async (inForce) => {
    // With the default it would have its windows again.
    await bench.recordBefore({ type: 'safeguard.tripped', data: { ...TRIPPED, atMs: Date.now() - 4_000_000 } });
    const { url } = await inForce('safeguard-cooldown-seconds: 86400');
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-safeguard': 'tripped' });
  },
  'recent-decisions': async (inForce) => {
    const { url } = await inForce('recent-decisions: 2');
    for (let at = 0; at < 3; at++) await chat(url);
    expect(await json(`${url}/rightsize/decisions`)).toHaveLength(2);
  },
};

/** The thread that deletes is there in what was built. An event of the day before yesterday is gone when it has run. */
async function expectDeleted(setting: string, inForce: InForce): Promise<void> {
  const file = join(bench.folder, 'old.sqlite');
  const before = await openEventStorage({ file, now: () => Date.now() - 2 * 86_400_000 });
  const old = { id: 'old', type: 'template.evicted', schemaVersion: 1, metadata: {} };
  await before.store.append('s', [{ ...old, data: { templateId: 't', model: 'm', uses: 1, atMs: 1 } }]);
  await before.close();
  const others = `db: ${file}\nport: 0\nlog-level: silent\n`;
  writeFileSync(bench.file, inForce === atStart ? others + setting : others);
  const main = join(import.meta.dirname, '../dist/main.js');
  const child = spawn(process.execPath, [main, '--config', bench.file], { stdio: ['ignore', 'pipe', 'inherit'] });
  bench.endWith(() => child.kill('SIGKILL'));
  await once(createInterface(child.stdout), 'line');
  if (inForce === byReload) writeFileSync(bench.file, others + setting);
  const beside = await openEventStorage({ file });
  // The change of settings is recorded, too.
  const left = inForce === atStart ? 0 : 1;
  await until(() => beside.retention.floor() >= 1 && beside.retention.count() <= left);
  await beside.close();
}

function complete(url: string): ReturnType<typeof send> {
  return send(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', prompt: 'Hello' }) });
}

const KEY = 'a-key-of-some-length';

async function status(url: string, headers: readonly string[] = []): Promise<number> {
  return (await send(`${url}/rightsize/v1/status`, { headers })).status;
}

const names = Object.keys(KEYS) as (keyof GatewayKeys)[];

describe('a setting takes effect', () => {
  // A process of its own takes longer to start than the others have time to show their effect.
  it('log-level, at start and when the file is read again', async () => EFFECTS['log-level'](atStart), 30_000);

  it.each(names.filter((name) => name !== 'log-level'))('%s, at start', async (name) => EFFECTS[name](atStart));

  it.each(names.filter((name) => KEYS[name].reloadable && name !== 'log-level'))(
    '%s, when the file is read again',
    async (name) => EFFECTS[name](byReload),
  );
});

describe('a gateway that was started off', () => {
  it('stays so, and says that it takes a restart', async () => {
    const { configuration, url } = await bench.start('mode: off');
    writeFileSync(bench.file, 'mode: active');
    expect(configuration.reload()).toMatchObject({ kind: 'refused' });
    expect((await chat(url)).message.headers).toMatchObject({ 'x-rightsize-rule': 'off' });
  });
});
