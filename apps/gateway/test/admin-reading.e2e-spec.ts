import { Validator } from '@seriousme/openapi-schema-validator';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { decided, eventually, start as startOn } from './admin-fixture.js';
import { send } from './gateway-fixture.js';
import { chat, SettingsBench } from './settings-fixture.js';

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

const start = (yaml = '') => startOn(bench, yaml);

describe('the description of the admin API', () => {
  it('is valid OpenAPI 3.1 and has a page that loads nothing from elsewhere', async () => {
    const { url, document } = await start();
    const { valid, errors } = await new Validator().validate(
      JSON.parse(JSON.stringify(document)) as Record<string, unknown>,
    );
    expect(errors ?? null).toBeNull();
    expect([valid, document.openapi]).toEqual([true, '3.1.0']);
    const page = (await send(`${url}/rightsize/docs`)).body.toString();
    expect(page).toContain('swagger-ui');
    expect(page).not.toMatch(/(src|href)="https?:/);
  });
});

describe('reading', () => {
  it('answers as described, every route', async () => {
    const { url, client, document } = await start();
    const id = await decided(url, client);
    const model = 'm:latest';
    expect(await client.ask('GET', '/status')).toMatchObject({ status: 200, json: { mode: 'active' } });
    expect(await client.ask('GET', '/models')).toMatchObject({ json: { items: [{ model, requests: 1 }], next: null } });
    expect(await client.ask('GET', '/models/{model}', { path: `/models/${model}` })).toMatchObject({ json: { model } });
    expect(await client.ask('GET', '/runners')).toMatchObject({ status: 200 });
    expect(await client.ask('GET', '/templates')).toMatchObject({ json: { items: [], next: null } });
    expect(await client.ask('GET', '/decisions')).toMatchObject({ json: { items: [{ id, client: 'editor' }] } });
    expect(await client.ask('GET', '/decisions/{id}', { path: `/decisions/${id}` })).toMatchObject({ json: { id } });
    const explained = await client.ask('GET', '/decisions/{id}/explanation', { path: `/decisions/${id}/explanation` });
    expect(explained.json).toMatchObject({ id, decision: { rule: 'open', inputs: {} }, events: [{}, {}] });
    expect(await client.ask('GET', '/projections')).toMatchObject({
      json: {
        items: expect.arrayContaining([expect.objectContaining({ name: 'model-statistics', state: 'live' })]) as never,
      },
    });
    const parked = { path: '/projections/model-statistics/parked' };
    expect(await client.ask('GET', '/projections/{name}/parked', parked)).toMatchObject({ json: { items: [] } });
    expect(await client.ask('GET', '/policies')).toMatchObject({ json: { active: [{ model: null }], trained: [] } });
    expect(await client.ask('GET', '/overflow')).toMatchObject({ json: { items: [] } });
    expect(await client.ask('GET', '/jobs')).toMatchObject({ json: { items: [] } });
    expect(await client.ask('GET', '/safeguards')).toMatchObject({ json: { items: [] } });
    expect(await client.ask('GET', '/ledger')).toMatchObject({
      json: { by: 'model', active: [{ of: model, requests: 1 }], shadow: [] },
    });
    expect(await client.ask('GET', '/ledger', { path: '/ledger?by=client' })).toMatchObject({
      json: { active: [{ of: 'editor' }] },
    });
    expect(await client.ask('GET', '/configuration')).toMatchObject({
      json: {
        settings: expect.arrayContaining([
          expect.objectContaining({ name: 'mode', value: 'active', layer: 'default' }),
        ]) as never,
      },
    });
    const { policyId } = (await client.ask('GET', '/policies')).json['active'][0] as { policyId: string };
    expect(await client.ask('GET', '/policies/{id}/diff', { path: `/policies/${policyId}/diff` })).toMatchObject({
      json: { differences: [] },
    });
    const readable = Object.entries(document.paths)
      .filter(([, path]) => path['get'])
      .map(([path]) => `GET ${path.replace('/rightsize/v1', '')}`);
    const elsewhere = ['GET /events/tail', 'GET /templates/{id}', 'GET /jobs/{id}'];
    expect(readable.filter((one) => !client.asked.has(one) && !elsewhere.includes(one))).toEqual([]);
  });

  it('pages through lists by cursors that survive what comes in between', async () => {
    const { url, client } = await start();
    for (let at = 0; at < 3; at++) await chat(url);
    const first = (await client.ask('GET', '/decisions', { path: '/decisions?limit=2' })).json as {
      items: { id: string }[];
      next: string;
    };
    await chat(url);
    const second = await client.ask('GET', '/decisions', { path: `/decisions?limit=2&cursor=${first.next}` });
    expect(second.json).toMatchObject({ items: [{}], next: null });
    expect(first.items.map(({ id }) => id)).not.toContain((second.json as { items: { id: string }[] }).items[0]!.id);
    expect(await client.ask('GET', '/decisions', { path: '/decisions?cursor=bm9uZQ' })).toMatchObject({ status: 400 });
  });

  it('reads events by position', async () => {
    const { url, client } = await start();
    await decided(url, client);
    const one = (await client.ask('GET', '/events', { path: '/events?limit=1' })).json as {
      items: unknown[];
      next: number;
    };
    expect(one).toMatchObject({ items: [{ position: 1 }], next: 1 });
    expect(await client.ask('GET', '/events', { path: '/events?after=1&limit=1' })).toMatchObject({
      json: { items: [{ position: 2 }] },
    });
  });

  it('answers 304 to who has it already', async () => {
    const { client } = await start();
    const { headers } = await client.ask('GET', '/configuration');
    expect(await client.ask('GET', '/configuration', { headers: ['If-None-Match', headers.etag!] })).toMatchObject({
      status: 304,
    });
    expect(await client.ask('GET', '/configuration', { headers: ['If-None-Match', '"other"'] })).toMatchObject({
      status: 200,
    });
  });

  it('gives decided windows whose prompts did not fit, and what would have held them', async () => {
    const { url, client } = await start();
    let refused = false;
    bench.intercept = (path, response) => {
      if (path !== '/api/chat' || refused) return false;
      refused = true;
      const error = {
        code: 400,
        message: 'too long',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 13_392,
        n_ctx: 8192,
      };
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: JSON.stringify({ error }) }));
      return true;
    };
    await decided(url, client);
    const { json } = await client.ask('GET', '/overflow');
    expect(json).toMatchObject({
      items: [{ model: 'm:latest', refusals: 1, cuts: 0, largestPromptTokens: 13_392, wouldHave: 13_568 }],
    });
  });
});

describe('the live tail of events', () => {
  it('goes on after the last event that was seen, and tells new ones as they are appended', async () => {
    const { url, client } = await start();
    await decided(url, client);
    const stream = httpGet(`${url}/rightsize/v1/events/tail`, { headers: { 'last-event-id': '1' }, agent: false });
    const [message] = (await once(stream, 'response')) as [IncomingMessage];
    expect(message.headers['content-type']).toBe('text/event-stream');
    let text = '';
    message.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ids = (): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    await eventually(async () => (await new Promise<void>((resolve) => setImmediate(resolve)), ids().length >= 1));
    const before = ids().length;
    await chat(url);
    await eventually(
      async () => (await new Promise<void>((resolve) => setImmediate(resolve)), ids().length >= before + 2),
    );
    expect(ids()).toEqual(ids().map((_, at) => at + 2));
    expect(text).toContain('event: request.optimized\ndata: {');
    stream.destroy();
  });

  it('refuses what is no position', async () => {
    const { client } = await start();
    expect(await client.ask('GET', '/events/tail', { headers: ['Last-Event-ID', 'x'] })).toMatchObject({ status: 400 });
  });
});

describe('/metrics', () => {
  it('counts what was decided, and is closed like the API', async () => {
    const { url } = await start();
    await chat(url);
    const text = await eventually(async () => {
      const page = (await send(`${url}/metrics`)).body.toString();
      return page.includes('rightsize_completions_total{') && page;
    });
    for (const wanted of [
      'rightsize_decisions_total{rule="open",model="m:latest",imposed="yes"} 1',
      'rightsize_decision_seconds_count 1',
      'rightsize_proxy_seconds_count 1',
      'rightsize_request_seconds_count{route="/api/chat",status="2xx"} 1',
      'rightsize_ready 1',
      'rightsize_projection_lag_events{projection="model-statistics"}',
    ]) {
      expect(text).toContain(wanted);
    }
    expect(text).toMatch(/rightsize_store_bytes [1-9]/);
    expect(await send(`${url}/metrics`, { headers: ['X-Forwarded-For', '1.2.3.4'] })).toMatchObject({ status: 403 });
  });
});
