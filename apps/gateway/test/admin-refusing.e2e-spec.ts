import { KEY, KEYS, READ_KEY, start as startOn } from './admin-fixture.js';
import { send } from './gateway-fixture.js';
import { SettingsBench } from './settings-fixture.js';

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

const start = (yaml = '') => startOn(bench, yaml);

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
    '/ledger',
    '/safeguards',
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
    ['PUT', '/templates/t/window'],
    ['DELETE', '/templates/t/window'],
    ['PUT', '/templates/t/lock'],
    ['DELETE', '/templates/t/lock'],
    ['DELETE', '/templates/t'],
    ['POST', '/safeguards/trip'],
    ['POST', '/safeguards/lift'],
    ['POST', '/what-if'],
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
    ['PUT', '/templates/{id}/window', '/templates/none/window', { window: 4096 }],
    ['DELETE', '/templates/{id}/window', '/templates/none/window', undefined],
    ['PUT', '/templates/{id}/lock', '/templates/none/lock', undefined],
    ['DELETE', '/templates/{id}/lock', '/templates/none/lock', undefined],
    ['DELETE', '/templates/{id}', '/templates/none', undefined],
    ['POST', '/what-if', '/what-if', { policy: 'none' }],
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
    ['GET', '/ledger', '/ledger?by=colour', undefined],
    ['PUT', '/templates/{id}/window', '/templates/t/window', { window: 1.5 }],
    ['POST', '/safeguards/trip', '/safeguards/trip', {}],
    ['POST', '/safeguards/lift', '/safeguards/lift', { model: 7 }],
    ['POST', '/what-if', '/what-if', { set: ['colour=2'] }],
    ['POST', '/what-if', '/what-if', { within: 0 }],
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

describe('the description and its page', () => {
  const paths = ['/rightsize/openapi.json', '/rightsize/docs', '/rightsize/docs/swagger-ui.css'];

  it('take a key where there is one', async () => {
    const { url } = await start(KEYS);
    for (const path of paths) {
      expect(await send(`${url}${path}`)).toMatchObject({ status: 401 });
      const known = await send(`${url}${path}`, { headers: ['Authorization', `Bearer ${READ_KEY}`] });
      expect([path, known.status]).toEqual([path, 200]);
    }
  });

  it('are closed to other machines without one', async () => {
    const { url } = await start();
    for (const path of paths) {
      const answer = await send(`${url}${path}`, { headers: ['X-Forwarded-For', '1.2.3.4'] });
      expect([answer.status, answer.message.headers['content-type']]).toEqual([403, 'application/problem+json']);
    }
  });
});
