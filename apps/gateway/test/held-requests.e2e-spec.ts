import type { Optimized } from '@rightsize/optimizer';
import { Bench, deferred, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

const BUSY = 'server busy, please try again.  maximum pending requests exceeded';

describe('a request that the optimizer holds', () => {
  it('tells the optimizer when its client leaves, and is not sent', async () => {
    let seen = 0;
    const gateway = await bench.before((_request, response) => void response.end(String((seen += 1))));
    const held = deferred<Partial<Optimized>>();
    const asked = deferred();
    bench.door.decide = () => (asked.resolve(), held.promise);
    const socket = await bench.socket(gateway);
    socket.write('POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}');
    await asked.promise;
    const [signal] = bench.door.signals;
    expect(signal!.aborted).toBe(false);
    const aborted = new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve(), { once: true }));
    socket.destroy();
    await aborted;
    held.resolve({});
    expect([await bench.door.ended(), seen]).toEqual(['client-aborted', 0]);
  });

  it('tells nothing of a client that has had its answer', async () => {
    const gateway = await bench.before((_request, response) => void response.end('answer'));
    await send(`${gateway.url}/api/chat`, { method: 'POST', body: '{}' });
    await bench.door.ended();
    await send(`${gateway.url}/rightsize/health`);
    expect(bench.door.signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('a request that the optimizer turns away', () => {
  it.each([
    ['/api/chat', { error: BUSY }],
    ['/v1/chat/completions', { error: { message: BUSY, type: 'api_error', param: null, code: null } }],
  ])('at %s is answered in the words of the server and the dialect of the client', async (path, body) => {
    let seen = 0;
    const gateway = await bench.before((_request, response) => void response.end(String((seen += 1))));
    bench.door.decide = () => Promise.resolve({ refusal: { status: 503, message: BUSY } });
    const sent = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    const answer = await send(`${gateway.url}${path}`, { method: 'POST', body: sent });
    expect([answer.status, JSON.parse(answer.body.toString()), seen]).toEqual([503, body, 0]);
  });
});
