import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Bench, bodyOf, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

/** Answers with what it was asked, as JSON. */
async function echo(): Promise<string> {
  const gateway = await bench.before((request, response) => {
    void bodyOf(request).then((body) => {
      const { method, url, rawHeaders } = request;
      response.end(JSON.stringify({ method, url, rawHeaders, body: body.toString('base64') }));
    });
  });
  return gateway.url;
}

interface Echo {
  method: string;
  url: string;
  rawHeaders: string[];
  body: string;
}

async function echoed(...args: Parameters<typeof send>): Promise<Echo> {
  return JSON.parse((await send(...args)).body.toString()) as Echo;
}

describe('every route', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/api/tags?x=1&y=%20'],
    ['DELETE', '/api/delete'],
    ['POST', '/api/what/comes/later'],
    ['POST', '//api/chat'],
    ['POST', '/api/chat/'],
    ['POST', '/api/%63hat'],
    ['PUT', '/rightsizes'],
    ['PATCH', '/v1/x?limit=3#y'.replace('#y', '')],
    ['OPTIONS', '/api/chat'],
    ['GET', '/api/chat'],
    ['POST', '/api/chat?x=1'],
  ])('%s %s goes upstream with method, path and query as sent', async (method, path) => {
    const url = await echo();
    expect(await echoed(url + path, { method })).toMatchObject({ method, url: path });
  });

  it('is no route when it is an asterisk: refused, not blamed on the server', async () => {
    const gateway = await bench.before((_request, response) => response.end());
    const { hostname: host, port } = new URL(gateway.url);
    const request = httpRequest({ host, port, method: 'POST', path: '*', agent: false }).end();
    const [{ statusCode }] = (await once(request, 'response')) as [IncomingMessage];
    expect(statusCode).toBe(400);
  });

  it('keeps order, case and repeats of request headers, and adds none', async () => {
    const url = await echo();
    const headers = ['X-B', '1', 'accept', 'a', 'x-B', '2', 'Accept', 'b', 'Cookie', 'c\u00fc'];
    const { rawHeaders } = await echoed(url, { headers });
    expect(rawHeaders.slice(0, 4)).toEqual(['host', expect.stringMatching(/^127/), 'connection', 'keep-alive']);
    expect(rawHeaders.slice(4)).toEqual(headers);
  });

  it('keeps status, reason, order, case and repeats of response headers, and adds none', async () => {
    const raw = [
      'Set-Cookie',
      'a',
      'x-THING',
      '1',
      'SET-cookie',
      'b',
      'Date',
      'x',
      'Content-Length',
      '0',
      'X-\u00fc'.slice(0, 1),
      '\u00fc',
    ];
    const gateway = await bench.before((_request, response) => response.writeHead(418, 'Short And Stout', raw).end());
    const { message } = await send(gateway.url);
    expect([message.statusCode, message.statusMessage]).toEqual([418, 'Short And Stout']);
    expect(message.rawHeaders).toEqual([...raw, 'Connection', 'close']);
  });

  it('strips what speaks of one connection, in both directions', async () => {
    const seen: string[][] = [];
    const gateway = await bench.before((request, response) => {
      seen.push(request.rawHeaders);
      response.writeHead(200, [
        'Connection',
        'keep-alive, X-Back',
        'X-Back',
        '1',
        'Keep-Alive',
        'timeout=999',
        'X-Kept',
        '1',
      ]);
      response.end();
    });
    const headers = [
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'TE',
      'trailers',
      'Proxy-Authorization',
      's',
      'X-Kept',
      '1',
    ];
    const { message } = await send(gateway.url, { headers });
    expect(seen[0]!.filter((_, at) => at % 2 === 0)).toEqual(['host', 'connection', 'X-Kept']);
    expect(message.headers).toMatchObject({ 'x-kept': '1', connection: 'close' });
    expect(message.headers['x-back']).toBeUndefined();
    expect(message.headers['keep-alive']).toBeUndefined();
  });

  it('answers HEAD with the length of what it does not send', async () => {
    const gateway = await bench.before((request, response) =>
      response.writeHead(200, { 'content-length': 17, 'x-m': request.method! }).end(),
    );
    const { message, body } = await send(gateway.url, { method: 'HEAD' });
    expect(message.headers).toMatchObject({ 'content-length': '17', 'x-m': 'HEAD' });
    expect(body).toHaveLength(0);
  });

  it('passes an answer without a body', async () => {
    const gateway = await bench.before((_request, response) => response.writeHead(204).end());
    expect(await send(gateway.url)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
  });

  it('leaves compressed bodies compressed, in both directions', async () => {
    const zipped = gzipSync('{"model":"m"}');
    const gateway = await bench.before((request, response) => {
      void bodyOf(request).then((body) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    });
    const headers = ['Content-Encoding', 'gzip', 'Accept-Encoding', 'gzip'];
    const { body, message } = await send(`${gateway.url}/api/chat`, { method: 'POST', headers, body: zipped });
    expect(body).toEqual(zipped);
    expect(message.headers['content-encoding']).toBe('gzip');
    expect(bench.door.inputs).toHaveLength(0);
  });

  it('passes an upload of a known length with its length, and another whole', async () => {
    const url = `${await echo()}/api/create`;
    const chunked = await echoed(url, { method: 'POST', headers: ['Transfer-Encoding', 'chunked'], body: 'abc' });
    expect(chunked.body).toBe(Buffer.from('abc').toString('base64'));
    const known = await echoed(url, { method: 'POST', headers: ['Content-Length', '3'], body: 'abc' });
    expect(known.rawHeaders).toEqual(expect.arrayContaining(['content-length', '3']));
  });

  it('tells a client that asks first to go on', async () => {
    const url = new URL(await echo());
    const request = httpRequest(url, {
      method: 'POST',
      agent: false,
      headers: { Expect: '100-continue', 'Content-Length': 3 },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('abc');
    const [message] = (await once(request, 'response')) as [IncomingMessage];
    const seen = JSON.parse((await bodyOf(message)).toString()) as Echo;
    expect(seen.body).toBe(Buffer.from('abc').toString('base64'));
    expect(seen.rawHeaders).not.toContain('Expect');
  });

  it('answers a request for an upgrade as if it had not been asked for one', async () => {
    const url = await echo();
    const { rawHeaders } = await echoed(url, { headers: ['Connection', 'Upgrade', 'Upgrade', 'websocket'] });
    expect(rawHeaders).not.toContain('Upgrade');
  });

  it('takes headers as large as the server takes', async () => {
    const url = await echo();
    const { rawHeaders } = await echoed(url, { headers: ['X-Large', 'x'.repeat(200_000)] });
    expect(rawHeaders.at(-1)).toHaveLength(200_000);
  });

  it('does not pass on what is meant for itself', async () => {
    const url = await echo();
    const { rawHeaders } = await echoed(url, { headers: ['X-Rightsize', 'off', 'X-Rightsize-Client', 'me'] });
    expect(rawHeaders).toHaveLength(4);
  });

  it('keeps connections to the upstream', async () => {
    const ports = new Set<number | undefined>();
    const gateway = await bench.before((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    for (let round = 0; round < 5; round++) await send(gateway.url);
    expect(ports.size).toBe(1);
  });
});

describe('the Host header', () => {
  it('is what a direct client would have sent', async () => {
    const gateway = await bench.before((request, response) => response.end(request.headers.host));
    const { body } = await send(gateway.url, { headers: ['Host', 'localhost:11435'] });
    expect(body.toString()).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(body.toString()).not.toBe(new URL(gateway.url).host);
  });

  it.each(['evil.example', 'evil.example:11435', 'localhost.evil.example'])(
    'is refused as Ollama refuses it when it is %s: a page may have rebound its name',
    async (host) => {
      const gateway = await bench.before((_request, response) => response.end('reached'));
      expect(await send(gateway.url, { headers: ['Host', host] })).toMatchObject({
        status: 403,
        body: Buffer.alloc(0),
      });
    },
  );

  it.each(['127.0.0.1', '[::1]:80', 'LOCALHOST', 'box.local', 'host.docker.internal:11435', '192.168.1.5'])(
    'may be %s',
    async (host) => {
      const gateway = await bench.before((_request, response) => response.end());
      expect(await send(gateway.url, { headers: ['Host', host] })).toMatchObject({ status: 200 });
    },
  );

  it('may be any name where the gateway listens to the network, as with Ollama', async () => {
    const gateway = await bench.before((_request, response) => response.end(), { host: '0.0.0.0' });
    const url = gateway.url.replace('0.0.0.0', '127.0.0.1');
    expect(await send(url, { headers: ['Host', 'box.example'] })).toMatchObject({ status: 200 });
  });
});
