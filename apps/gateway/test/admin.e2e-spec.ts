import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { send, type Answer } from './gateway-fixture.js';
import { chat, SettingsBench } from './settings-fixture.js';

const KEY = 'a-key-that-may-change';
const READ_KEY = 'a-key-that-may-read';
const KEYS = `admin:\n  key: ${KEY}\n  read-key: ${READ_KEY}\n`;

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

interface Operation {
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>>;
}

/** Asks the API, and holds every answer against its description. */
class Client {
  readonly #document: Document;
  readonly #url: string;
  readonly #key: string | null;
  readonly #ajv = new Ajv2020({ strict: false });
  readonly asked = new Set<string>();

  constructor(url: string, document: Document, key: string | null) {
    this.#url = url;
    this.#document = document;
    this.#key = key;
    this.#ajv.addSchema({ $id: 'document', components: document.components });
  }

  async ask(method: string, route: string, options: { path?: string; body?: unknown; headers?: string[] } = {}) {
    const { path = route, body, headers = [] } = options;
    const answer = await send(`${this.#url}/rightsize/v1${path}`, {
      method,
      headers: [
        ...(this.#key === null ? [] : ['Authorization', `Bearer ${this.#key}`]),
        ...(body === undefined ? [] : ['Content-Type', 'application/json']),
        ...headers,
      ],
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    this.#hold(method, route, answer);
    const text = answer.body.toString();
    return {
      status: answer.status,
      headers: answer.message.headers,
      json: (text === '' ? null : JSON.parse(text)) as never,
    };
  }

  #hold(method: string, route: string, { status, message, body }: Answer): void {
    const operation = this.#document.paths[`/rightsize/v1${route.split('?')[0]}`]?.[method.toLowerCase()];
    if (operation === undefined) throw new Error(`${method} ${route} is not described`);
    this.asked.add(`${method} ${route.split('?')[0]}`);
    if (status === 304) return;
    const described = operation.responses[status] ?? operation.responses['default'];
    const type = (message.headers['content-type'] ?? '').split(';')[0]!;
    const schema = described?.content?.[type]?.schema;
    if (schema === undefined) throw new Error(`${method} ${route}: ${status} ${type} is not described`);
    const validate = this.#compile(schema);
    if (!validate(JSON.parse(body.toString()))) {
      throw new Error(`${method} ${route}: ${this.#ajv.errorsText(validate.errors)}: ${body.toString().slice(0, 500)}`);
    }
  }

  #compile(schema: object): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('#/components', 'document#/components');
    return this.#ajv.compile(JSON.parse(text) as object);
  }
}

async function start(
  yaml = '',
): Promise<{ url: string; client: Client; document: Document; as: (key: string | null) => Client }> {
  const { url } = await bench.start(yaml);
  const document = JSON.parse((await send(`${url}/rightsize/openapi.json`)).body.toString()) as Document;
  const as = (key: string | null): Client => new Client(url, document, key);
  return { url, document, as, client: as(yaml.includes(KEY) ? KEY : null) };
}

/** Waits until something that becomes true behind the requests is. */
async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
  }
}

async function decided(url: string, client: Client): Promise<string> {
  await chat(url, { client: 'editor' });
  await eventually(async () => {
    const { json } = await client.ask('GET', '/models');
    return (json as { items: { completions: number }[] }).items[0]?.completions;
  });
  return eventually(async () => {
    const { json } = await client.ask('GET', '/events', { path: '/events?type=request.completed' });
    return (json as { items: { data: { requestId: string } }[] }).items[0]?.data.requestId;
  });
}

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

describe('what is refused', () => {
  const READS = [
    '/status',
    '/models',
    '/models/m',
    '/runners',
    '/templates',
    '/templates/t',
    '/decisions',
    '/decisions/d',
    '/decisions/d/explanation',
    '/events',
    '/events/tail',
    '/projections',
    '/projections/p/parked',
    '/policies',
    '/policies/p/diff',
    '/overflow',
    '/jobs',
    '/jobs/j',
    '/configuration',
  ];
  const WRITES: [string, string][] = [
    ['POST', '/projections/p/rebuild'],
    ['POST', '/projections/p/parked/1/skip'],
    ['POST', '/policies/retrain'],
    ['POST', '/policies/rollback'],
    ['POST', '/policies/p/activate'],
    ['PATCH', '/configuration'],
  ];

  it('without a key or with a wrong one is everything (401), with the reading key every change (403)', async () => {
    const { url } = await start(KEYS);
    const ask = async (method: string, path: string, key?: string): Promise<number> =>
      (
        await send(`${url}/rightsize/v1${path}`, {
          method,
          headers: key === undefined ? [] : ['Authorization', `Bearer ${key}`],
        })
      ).status;
    for (const [method, path] of [...READS.map((read): [string, string] => ['GET', read]), ...WRITES]) {
      expect([method, path, await ask(method, path)]).toEqual([method, path, 401]);
      expect([method, path, await ask(method, path, `${KEY}x`)]).toEqual([method, path, 401]);
    }
    for (const [method, path] of WRITES) expect([path, await ask(method, path, READ_KEY)]).toEqual([path, 403]);
    expect(await ask('GET', '/status', READ_KEY)).toBe(200);
    expect(await ask('GET', '/status', KEY)).toBe(200);
  });

  it('without a key is everybody who is not on this machine, or a page of somebody else', async () => {
    const { client } = await start();
    for (const headers of [
      ['X-Forwarded-For', '1.2.3.4'],
      ['Host', 'evil.example'],
      ['Origin', 'https://evil.example'],
    ]) {
      expect(await client.ask('GET', '/status', { headers })).toMatchObject({ status: 403 });
    }
  });

  it.each([
    ['GET', '/models/{model}', '/models/none', undefined],
    ['GET', '/templates/{id}', '/templates/none', undefined],
    ['GET', '/decisions/{id}', '/decisions/none', undefined],
    ['GET', '/decisions/{id}/explanation', '/decisions/none/explanation', undefined],
    ['GET', '/projections/{name}/parked', '/projections/none/parked', undefined],
    ['POST', '/projections/{name}/rebuild', '/projections/none/rebuild', undefined],
    ['POST', '/projections/{name}/parked/{position}/skip', '/projections/model-statistics/parked/7/skip', undefined],
    ['GET', '/policies/{id}/diff', '/policies/none/diff', undefined],
    ['POST', '/policies/{id}/activate', '/policies/none/activate', {}],
    ['GET', '/jobs/{id}', '/jobs/none', undefined],
  ])('is not there: %s %s (404)', async (method, route, path, body) => {
    const { client } = await start();
    expect(await client.ask(method, route, { path, body })).toMatchObject({
      status: 404,
      json: { title: 'Not Found' },
    });
  });

  it.each([
    ['GET', '/models', '/models?limit=0', undefined],
    ['GET', '/templates', '/templates?colour=red', undefined],
    ['GET', '/decisions', '/decisions?limit=x', undefined],
    ['GET', '/events', '/events?type=none', undefined],
    ['GET', '/overflow', '/overflow?within=-1', undefined],
    ['POST', '/policies/retrain', '/policies/retrain', { model: 7 }],
    ['POST', '/policies/rollback', '/policies/rollback', { colour: 'red' }],
    ['PATCH', '/configuration', '/configuration', { changes: [] }],
    ['PATCH', '/configuration', '/configuration', { changes: {}, more: 1 }],
  ])('is not understood: %s %s as %s (422)', async (method, route, path, body) => {
    const { client } = await start();
    expect(await client.ask(method, route, { path, body })).toMatchObject({
      status: 422,
      headers: { 'content-type': 'application/problem+json' },
    });
  });

  it('is no JSON, or too much of it', async () => {
    const { client } = await start();
    expect(await client.ask('PATCH', '/configuration', { body: '{' })).toMatchObject({ status: 400 });
    expect(
      await client.ask('PATCH', '/configuration', { body: { changes: { mode: 'x'.repeat(70_000) } } }),
    ).toMatchObject({ status: 413 });
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
