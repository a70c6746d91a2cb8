import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { decided, eventually, KEY, KEYS, start as startOn, type Client } from './admin-fixture.js';
import { send } from './gateway-fixture.js';
import { chat, SettingsBench } from './settings-fixture.js';

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

const start = (yaml = '') => startOn(bench, yaml);

describe('changing', () => {
  it('changes settings at run time, all or none, and keeps who did it', async () => {
    const { url, client } = await start(KEYS);
    const { headers } = await client.ask('GET', '/configuration');
    const change = (changes: unknown, more: string[] = []) =>
      client.ask('PATCH', '/configuration', { body: { changes }, headers: more });
    expect(await change({ mode: 'shadow' }, ['If-Match', headers.etag!])).toMatchObject({
      status: 200,
      json: {
        settings: expect.arrayContaining([
          expect.objectContaining({ name: 'mode', value: 'shadow', layer: 'runtime', where: 'key' }),
        ]) as never,
      },
    });
    expect((await chat(url)).message.headers['x-rightsize-mode']).toBe('shadow');
    expect(await change({ mode: 'active' }, ['If-Match', headers.etag!])).toMatchObject({ status: 412 });
    expect(await change({ mode: 'loud' })).toMatchObject({
      status: 422,
      json: { errors: [expect.stringContaining('is not one of')] },
    });
    expect(await change({ port: 1 })).toMatchObject({ status: 422 });
    expect(await change({ mode: null })).toMatchObject({ status: 200 });
    expect((await chat(url)).message.headers['x-rightsize-mode']).toBeUndefined();
    const acts = await eventually(async () => {
      const { json } = await client.ask('GET', '/events', { path: '/events?type=operator.acted' });
      const { items } = json as { items: { data: object }[] };
      return items.length === 2 && items.map(({ data }) => data);
    });
    expect(acts[0]).toMatchObject({
      action: 'configuration.change',
      target: 'mode',
      details: { from: 'active', to: 'shadow' },
      by: 'key',
    });
  });

  it('never shows a secret', async () => {
    const { client } = await start(KEYS);
    const { json } = await client.ask('GET', '/configuration');
    expect(JSON.stringify(json)).not.toContain(KEY);
    expect(json).toMatchObject({
      settings: expect.arrayContaining([expect.objectContaining({ name: 'admin.key', value: '(secret)' })]) as never,
    });
  });

  it('rebuilds a read model as a job that says how far it is', async () => {
    const { url, client } = await start();
    await decided(url, client);
    const job = await client.ask('POST', '/projections/{name}/rebuild', {
      path: '/projections/model-statistics/rebuild',
    });
    expect(job).toMatchObject({ status: 202, json: { kind: 'rebuild', target: 'model-statistics' } });
    const { id } = job.json as { id: string };
    const ended = await eventually(async () => {
      const { json } = await client.ask('GET', '/jobs/{id}', { path: `/jobs/${id}` });
      return (json as { state: string }).state !== 'running' && json;
    });
    expect(ended).toMatchObject({ state: 'done', progress: 1, result: { rows: 1, differences: 0 } });
  });

  it('trains a candidate as a job, and says when there is too little to learn from', async () => {
    const { client } = await start();
    const job = await client.ask('POST', '/policies/retrain', { body: {} });
    expect(job).toMatchObject({ status: 202, json: { kind: 'retrain', target: '*' } });
    const { id } = job.json as { id: string };
    const ended = await eventually(async () => {
      const { json } = await client.ask('GET', '/jobs/{id}', { path: `/jobs/${id}` });
      return (json as { state: string }).state !== 'running' && json;
    });
    expect(ended).toMatchObject({ state: 'done', result: { kind: 'too-little' } });
  });

  it('refuses to activate what decides already, and to go back from nothing', async () => {
    const { client } = await start();
    const { policyId } = (await client.ask('GET', '/policies')).json['active'][0] as { policyId: string };
    const activate = { path: `/policies/${policyId}/activate`, body: {} };
    expect(await client.ask('POST', '/policies/{id}/activate', activate)).toMatchObject({ status: 409 });
    expect(await client.ask('POST', '/policies/rollback', { body: {} })).toMatchObject({ status: 409 });
  });
});

describe('templates', () => {
  /** Long enough to be told apart from others. */
  const SYSTEM = Array.from({ length: 300 }, (_, at) => `Rule ${at} of this house is kept by all who live here.`).join(
    ' ',
  );

  /** Its template, once the same rules were seen with several questions. */
  async function detected(url: string, client: Client): Promise<{ id: string; ask(): Promise<IncomingHttpHeaders> }> {
    let asked = 0;
    const ask = async (): Promise<IncomingHttpHeaders> => {
      const messages = [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: `Question ${(asked += 1)}` },
      ];
      const body = JSON.stringify({ model: 'm', stream: false, messages });
      return (await send(`${url}/api/chat`, { method: 'POST', body })).message.headers;
    };
    for (let times = 0; times < 4; times++) await ask();
    // What is recorded of an answer comes after it: nothing of these is to come later.
    await eventually(async () => {
      const { json } = await client.ask('GET', '/models');
      return (json as { items: { completions: number }[] }).items[0]?.completions === asked;
    });
    const id = await eventually(async () => {
      const { json } = await client.ask('GET', '/templates');
      return (json as { items: { templateId: string; completions: number }[] }).items[0]?.templateId;
    });
    return { id, ask };
  }

  it('are pinned to a window, which decides as long as it holds the request, and let go again', async () => {
    const { url, client } = await start();
    const { id, ask } = await detected(url, client);
    const at = { path: `/templates/${id}/window` };
    const seen = (await client.ask('GET', '/templates/{id}', { path: `/templates/${id}` })).headers;
    const pin = (window: number, headers: string[] = []) =>
      client.ask('PUT', '/templates/{id}/window', { ...at, body: { window }, headers });
    expect(await pin(20_480)).toMatchObject({ status: 200, json: { templateId: id, pinned: 20_480 } });
    expect(await pin(24_576, ['If-Match', seen.etag!])).toMatchObject({ status: 412 });
    expect(await ask()).toMatchObject({ 'x-rightsize-rule': 'pinned', 'x-rightsize-num-ctx': '20480' });
    // It would cut the prompt: the need decides, and the loaded window holds it.
    expect(await pin(512)).toMatchObject({ status: 200 });
    expect(Number((await ask())['x-rightsize-num-ctx'])).toBeGreaterThan(2048);
    expect(await client.ask('DELETE', '/templates/{id}/window', at)).toMatchObject({
      status: 200,
      json: { pinned: null },
    });
    expect((await ask())['x-rightsize-rule']).not.toBe('pinned');
  });

  it('are locked, and learn nothing until they are let go; and the log rebuilds to the same', async () => {
    const { url, client } = await start();
    const { id, ask } = await detected(url, client);
    const look = async () =>
      (await client.ask('GET', '/templates/{id}', { path: `/templates/${id}` })).json as {
        requests: number;
        locked: boolean;
      };
    const at = { path: `/templates/${id}/lock` };
    const locked = (await client.ask('PUT', '/templates/{id}/lock', at)).json as { requests: number };
    expect(locked).toMatchObject({ locked: true });
    await ask();
    const job = await client.ask('POST', '/projections/{name}/rebuild', {
      path: '/projections/template-statistics/rebuild',
    });
    const jobId = (job.json as { id: string }).id;
    const rebuilt = await eventually(async () => {
      const { json } = await client.ask('GET', '/jobs/{id}', { path: `/jobs/${jobId}` });
      return (json as { state: string }).state !== 'running' && json;
    });
    expect(rebuilt).toMatchObject({ result: { differences: 0 } });
    expect(await look()).toEqual(locked);
    expect(await client.ask('DELETE', '/templates/{id}', { path: `/templates/${id}` })).toMatchObject({ status: 409 });
    expect(await client.ask('DELETE', '/templates/{id}/lock', at)).toMatchObject({ json: { locked: false } });
    await ask();
    await eventually(async () => (await look()).requests > locked.requests);
  });

  it('are forgotten with what was learnt of them, and detected anew', async () => {
    const { url, client } = await start();
    const { id, ask } = await detected(url, client);
    const at = { path: `/templates/${id}` };
    expect(await client.ask('DELETE', '/templates/{id}', at)).toMatchObject({
      status: 200,
      json: { evicted: true, requests: 0, completions: 0 },
    });
    expect(await client.ask('DELETE', '/templates/{id}', at)).toMatchObject({ status: 409 });
    const pin = { path: `/templates/${id}/window`, body: { window: 4096 } };
    expect(await client.ask('PUT', '/templates/{id}/window', pin)).toMatchObject({ status: 409 });
    for (let times = 0; times < 4; times++) await ask();
    await eventually(async () => {
      const { json } = await client.ask('GET', '/templates');
      return (json as { items: { evicted: boolean }[] }).items.some(({ evicted }) => !evicted);
    });
  });
});

describe('the kill switch', () => {
  it('has a model pass through at once, says so in health, and gives it its windows again', async () => {
    const { url, client } = await start('safeguards: off\n');
    const body = { model: 'm' };
    expect(await client.ask('POST', '/safeguards/trip', { body })).toMatchObject({
      status: 200,
      json: { items: [{ model: 'm:latest', byHand: true }] },
    });
    expect(await client.ask('POST', '/safeguards/trip', { body })).toMatchObject({ status: 409 });
    const sent: string[] = [];
    bench.intercept = (path, _response, given) => path === '/api/chat' && sent.push(given.toString()) < 0;
    expect((await chat(url)).message.headers['x-rightsize-safeguard']).toBe('tripped');
    expect(sent).toEqual([expect.not.stringContaining('num_ctx')]);
    expect(JSON.parse((await send(`${url}/rightsize/health`)).body.toString())).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('m:latest passes through')],
    });
    expect(await client.ask('POST', '/safeguards/lift', { body })).toMatchObject({ status: 200, json: { items: [] } });
    expect(await client.ask('POST', '/safeguards/lift', { body })).toMatchObject({ status: 409 });
    expect((await chat(url)).message.headers['x-rightsize-safeguard']).toBeUndefined();
    expect(sent[1]).toContain('num_ctx');
  });
});

describe('a what-if', () => {
  it('replays what was recorded under other numbers, as a job', async () => {
    const { url, client } = await start();
    await decided(url, client);
    const job = await client.ask('POST', '/what-if', { body: { model: 'm', set: ['headroom=2'], memoryGib: 8 } });
    expect(job).toMatchObject({ status: 202, json: { kind: 'what-if', target: 'm:latest' } });
    const { id } = job.json as { id: string };
    const ended = await eventually(async () => {
      const { json } = await client.ask('GET', '/jobs/{id}', { path: `/jobs/${id}` });
      return (json as { state: string }).state !== 'running' && json;
    });
    expect(ended).toMatchObject({ state: 'done', result: { requests: 1, asked: { lower: { reloads: 0 } } } });
  });
});

describe('a file of settings with a mistake', () => {
  it('shows in health until it is mended, while the old settings stay in force', async () => {
    const { url, configuration } = await bench.start('mode: shadow\n');
    const health = async () =>
      JSON.parse((await send(`${url}/rightsize/health`)).body.toString()) as { status: string; reasons: string[] };
    writeFileSync(bench.file, 'mode: loud\n');
    configuration.reload();
    expect(await health()).toMatchObject({
      status: 'degraded',
      mode: 'shadow',
      reasons: [expect.stringContaining('settings were not reloaded: rightsize.yaml:1')],
    });
    writeFileSync(bench.file, 'mode: shadow\n');
    configuration.reload();
    expect(await health()).toMatchObject({ status: 'ready', reasons: [] });
  });
});
