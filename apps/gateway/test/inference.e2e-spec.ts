import { once } from 'node:events';
import { Bench, bodyOf, deferred, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

async function bodies(overrides = {}) {
  const seen: { body: string; raw: string[] }[] = [];
  const gateway = await bench.before((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push({ body: body.toString(), raw: request.rawHeaders });
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('one\n');
      response.end('two\n');
    });
  }, overrides);
  return { url: gateway.url, seen, gateway };
}

describe('a request that can be sized', () => {
  it.each([
    ['/api/chat', 'chat'],
    ['/api/generate', 'generate'],
    ['/api/chat?debug=1', 'chat'],
  ])('at %s is shown to the optimizer byte for byte, and sent as it says', async (path, route) => {
    bench.door.decide = () =>
      Promise.resolve({ body: Buffer.from('{"imposed":1}'), headers: { 'x-rightsize-num-ctx': '8192' } });
    const { url, seen } = await bodies();
    const sent = '{"n":9007199254740993, "n":1, "t":"\\u0041\u00e9"}';
    const answer = await send(url + path, {
      method: 'POST',
      body: sent,
      headers: ['User-Agent', 'ollama-python/0.6.4 (x86)'],
    });
    expect(bench.door.inputs).toEqual([{ route, body: Buffer.from(sent), client: 'ollama-python', skip: false }]);
    expect(seen[0]!.body).toBe('{"imposed":1}');
    expect(seen[0]!.raw).toEqual(expect.arrayContaining(['content-length', '13']));
    expect(answer.message.headers['x-rightsize-num-ctx']).toBe('8192');
  });

  it.each(['{not json', '', '[]', '{"model":"m","n":1e400}', '\u00e9'])(
    'with body %j goes upstream as it is',
    async (body) => {
      bench.door.decide = () => Promise.resolve({});
      const { url, seen } = await bodies();
      await send(`${url}/api/chat`, { method: 'POST', body });
      expect(seen[0]!.body).toBe(body);
    },
  );

  it('tells the optimizer what its answer was, in order', async () => {
    const door = bench.door;
    const { url } = await bodies();
    await send(`${url}/api/chat`, { method: 'POST', body: '{}' });
    expect(door.seen.join('|').replace('\n|', '\n')).toBe('200 application/x-ndjson|one\ntwo\n');
    expect(door.ends).toEqual(['complete']);
  });

  it('names its client by header first, bounded and printable', async () => {
    const { url } = await bodies();
    const from = async (...headers: string[]) => {
      bench.door.inputs.length = 0;
      await send(`${url}/api/chat`, { method: 'POST', body: '{}', headers });
      return bench.door.inputs[0]!.client;
    };
    expect(await from('X-Rightsize-Client', 'editor', 'User-Agent', 'curl/8')).toBe('editor');
    expect(await from('X-Rightsize-Client', ` ${'e'.repeat(100)}\u00fc`)).toBe('e'.repeat(64));
    expect(await from('User-Agent', 'Mozilla')).toBe('Mozilla');
    expect(await from()).toBeNull();
  });

  it('is not decided when it asks to be left alone', async () => {
    const { url } = await bodies();
    await send(`${url}/api/chat`, { method: 'POST', body: '{}', headers: ['X-Rightsize', 'off'] });
    expect(bench.door.inputs[0]!.skip).toBe(true);
  });

  it('goes upstream as it came when the optimizer breaks its word and rejects', async () => {
    bench.door.decide = () => Promise.reject(new Error('broken'));
    const { url, seen } = await bodies();
    expect(await send(`${url}/api/chat`, { method: 'POST', body: '{"a":1}' })).toMatchObject({ status: 200 });
    expect(seen[0]!.body).toBe('{"a":1}');
    bench.door.decide = () => Promise.resolve({});
  });

  it('is not sent when its client left while the optimizer made it wait', async () => {
    const { gateway, seen } = await bodies();
    const waiting = deferred<object>();
    const asked = deferred<void>();
    bench.door.decide = () => {
      asked.resolve();
      return waiting.promise;
    };
    const socket = await bench.socket(gateway);
    socket.write('POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}');
    await asked.promise;
    socket.destroy();
    await once(socket, 'close');
    // Another request's round trip: the gateway has seen the close by then.
    bench.door.decide = () => Promise.resolve({});
    await send(`${gateway.url}/api/tags`);
    waiting.resolve({});
    expect(await bench.door.ended()).toBe('client-aborted');
    expect(seen.filter(({ body }) => body === '{}')).toHaveLength(0);
  });
});

describe('a body beyond the bound', () => {
  it('is refused as soon as it is declared, in the dialect of the route', async () => {
    const { gateway, seen } = await bodies();
    const socket = await bench.socket(gateway);
    socket.write('POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toContain('413 Payload Too Large');
    expect(head.toString()).toContain('{"error":"request body is larger than 1000 bytes"}');
    expect(seen).toHaveLength(0);
  });

  it('is refused instead of being asked for', async () => {
    const { gateway } = await bodies();
    const socket = await bench.socket(gateway);
    socket.write('POST /api/chat HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /);
    await once(socket.resume(), 'close');
  });

  it('is refused when it comes in chunks that declare nothing, and the sender sees it', async () => {
    const { url, seen } = await bodies();
    const answer = await send(`${url}/api/generate`, {
      method: 'POST',
      headers: ['Transfer-Encoding', 'chunked'],
      body: Buffer.alloc(5_000_000),
    });
    expect(answer.status).toBe(413);
    expect(seen).toHaveLength(0);
  });

  it('is no larger than it says: what follows is another request, and a bad one', async () => {
    const { gateway, seen } = await bodies();
    const socket = await bench.socket(gateway);
    socket.write(`POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}${'x'.repeat(2000)}`);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'close');
    expect(text).toContain('400 Bad Request');
    expect(seen.every(({ body }) => body === '{}')).toBe(true);
  });

  it('of exactly the bound passes', async () => {
    const { url } = await bodies();
    expect(await send(`${url}/api/chat`, { method: 'POST', body: ' '.repeat(1000) })).toMatchObject({ status: 200 });
  });

  it('does not exist on other routes', async () => {
    const { url } = await bodies();
    expect(await send(`${url}/api/embed`, { method: 'POST', body: ' '.repeat(5000) })).toMatchObject({
      status: 200,
    });
  });
});

describe('requests that may change a runner behind the optimizer', () => {
  it.each([
    ['POST', '/v1/chat/completions'],
    ['POST', '/api/embed'],
    ['POST', '/api/create'],
    ['DELETE', '/api/delete'],
    ['POST', '/api/chat/'],
    ['POST', '/unknown'],
  ])('%s %s is noticed when it begins and when it is over', async (method, path) => {
    const { url } = await bodies();
    await send(url + path, { method, body: '{}' });
    expect(bench.door.foreign).toEqual([path, path]);
  });

  it.each([
    ['GET', '/api/ps'],
    ['HEAD', '/'],
    ['POST', '/api/show'],
    ['POST', '/api/blobs/sha256:0'],
    ['POST', '/api/chat'],
  ])('%s %s is none of them', async (method, path) => {
    const { url } = await bodies();
    await send(url + path, { method });
    expect(bench.door.foreign).toEqual([]);
  });
});
