import { networkInterfaces } from 'node:os';
import { Bench, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

async function gateway(overrides = {}): Promise<string> {
  return (await bench.before((_request, response) => response.writeHead(299).end('upstream'), overrides)).url;
}

describe('/rightsize/health', () => {
  it.each([
    ['ready', 200],
    ['degraded', 200],
    ['starting', 503],
  ] as const)('says that it is %s with %d', async (status, code) => {
    bench.door.status = status;
    const answer = await send(`${await gateway()}/rightsize/health`);
    expect(answer.status).toBe(code);
    expect(JSON.parse(answer.body.toString())).toEqual({
      status,
      reasons: [],
      mode: 'active',
      v1: { translated: 0, aliased: 0, passed: {} },
      log: { position: 7, queued: 0, lag: 0, droppedDecisions: 0, lost: 0, projections: [] },
    });
  });

  it('says that it lives even while starting', async () => {
    bench.door.status = 'starting';
    const answer = await send(`${await gateway()}/rightsize/health?live`);
    expect([answer.status, answer.body.toString()]).toEqual([200, '{"status":"live"}']);
  });
});

describe('/rightsize/decisions', () => {
  it('gives as many as asked for, 50 unless told', async () => {
    const url = `${await gateway()}/rightsize/decisions`;
    expect((await send(`${url}?limit=7`)).body.toString()).toBe('[{"id":"7"}]');
    expect((await send(url)).body.toString()).toBe('[{"id":"50"}]');
  });

  it.each(['0', '-1', '1001', '1.5', 'x', ''])('refuses a limit of %j with a problem', async (limit) => {
    const { status, message, body } = await send(`${await gateway()}/rightsize/decisions?limit=${limit}`);
    expect([status, message.headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(JSON.parse(body.toString())).toMatchObject({
      status: 400,
      title: 'Bad Request',
      detail: expect.stringContaining('limit') as string,
    });
  });
});

describe('the gateway\u2019s own routes', () => {
  it.each([
    ['X-Forwarded-For', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1'],
    ['Via', '1.1 x'],
    ['Host', '192.168.1.5'],
    ['Host', 'evil.example'],
    ['Host', 'box.local'],
  ])('are closed to a request with %s: %s', async (name, value) => {
    const { status, message } = await send(`${await gateway()}/rightsize/health`, { headers: [name, value] });
    expect([status, message.headers['content-type']]).toEqual([403, 'application/problem+json']);
  });

  it.each(['localhost:11435', 'LOCALHOST', '[::1]:11435', '127.1.2.3'])(
    'are open to a request for %s',
    async (host) => {
      expect(await send(`${await gateway()}/rightsize/health?live`, { headers: ['Host', host] })).toMatchObject({
        status: 200,
      });
    },
  );

  it('are closed to other machines', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.family === 'IPv4' && !entry.internal);
    const url = await gateway({ host: '0.0.0.0' });
    const reached = `http://${own?.address ?? '127.0.0.1'}:${new URL(url).port}/rightsize/health`;
    const { status } = await send(reached, { headers: ['Host', 'localhost'] });
    // Without a network there is no other address to come from.
    expect(status).toBe(own ? 403 : 200);
  });

  it('do not reach upstream when there is no such route', async () => {
    const { status, message } = await send(`${await gateway()}/rightsize/nothing`);
    expect([status, message.headers['content-type']]).toEqual([404, 'application/problem+json']);
  });
});
