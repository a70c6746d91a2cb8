import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { Bench, bodyOf, closed, deferred, send, until } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

/** Starts a request; `once(request, 'response')` and so on are the test's. */
function open(url: string, method = 'POST', body: string | null = '{"model":"m"}') {
  const request = httpRequest(url, { method, agent: false });
  request.on('error', () => undefined);
  if (body !== null) request.end(body);
  return request;
}

async function response(request: ReturnType<typeof open>): Promise<IncomingMessage> {
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  return message;
}

describe.each(['/api/chat', '/v1/chat/completions'])('a stream of %s', (path) => {
  it('arrives chunk by chunk, each before the next is made, and unchanged when split anywhere', async () => {
    let upstream!: ServerResponse;
    const gateway = await bench.before((_request, answer) => void (upstream = answer).flushHeaders());
    const request = open(gateway.url + path);
    const message = await response(request);
    const pieces = [
      Buffer.from('{"a":"\u{1f999}"}\n').subarray(0, 8),
      Buffer.from('{"a":"\u{1f999}"}\n').subarray(8),
      Buffer.from('x'),
    ];
    for (const piece of pieces) {
      upstream.write(piece);
      const [chunk] = (await once(message, 'data')) as [Buffer];
      expect(chunk).toEqual(piece);
    }
    upstream.end();
    await once(message, 'end');
    expect(message.complete).toBe(true);
  });

  it('that the client leaves is left upstream too', async () => {
    const gone = { upstream: false };
    const gateway = await bench.before((_request, answer) => {
      answer.write('x');
      answer.on('close', () => (gone.upstream = true));
    });
    const request = open(gateway.url + path);
    await once(await response(request), 'data');
    request.destroy();
    await until(() => gone.upstream);
    expect(gone.upstream).toBe(true);
  });

  it('that the client leaves before the first byte is left upstream too', async () => {
    const upstream = deferred<ServerResponse>();
    const gateway = await bench.before((_request, answer) => upstream.resolve(answer));
    const request = open(gateway.url + path);
    const answer = await upstream.promise;
    request.destroy();
    await once(answer, 'close');
    expect(answer.writableFinished).toBe(false);
  });

  it.each([
    ['chunked', {}],
    ['of a known length', { 'content-length': '100' }],
  ])('that dies upstream dies at the client, what came before it delivered: %s', async (_kind, headers) => {
    const gateway = await bench.before((_request, answer) => {
      answer.writeHead(200, headers);
      answer.write('partial', () => answer.socket!.destroySoon());
    });
    const message = await response(open(gateway.url + path));
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    await closed(message);
    expect(Buffer.concat(chunks).toString()).toBe('partial');
    expect(message.complete).toBe(false);
  });

  it('waits for a slow client instead of piling up', async () => {
    const block = Buffer.alloc(64 * 1024, 'x');
    const blocks = 1600;
    let made = 0;
    const stalled = deferred<void>();
    const gateway = await bench.before((_request, answer) => {
      const more = (): void => {
        while (made < blocks) {
          made++;
          if (!answer.write(block)) {
            answer.once('drain', more);
            stalledAfter(made, answer);
            return;
          }
        }
        answer.end();
      };
      more();
    });
    let lastMade = -1;
    function stalledAfter(count: number, answer: ServerResponse): void {
      lastMade = count;
      // No progress over many turns of the loop: the client's stop has come through to the upstream.
      let turns = 0;
      const watch = (): void => {
        if (made !== lastMade || !answer.writableNeedDrain) return;
        if (++turns === 500) stalled.resolve();
        else setImmediate(watch);
      };
      setImmediate(watch);
    }
    const message = await response(open(gateway.url + path));
    await stalled.promise;
    expect(made).toBeLessThan(blocks / 2);
    let received = 0;
    for await (const chunk of message) received += (chunk as Buffer).length;
    expect(received).toBe(blocks * block.length);
  });
});

describe('an upload', () => {
  it('of 200 MB streams: memory does not grow with it', async () => {
    let received = 0;
    let peak = 0;
    const gateway = await bench.before((request, answer) => {
      request.on('data', (chunk: Buffer) => (received += chunk.length));
      request.on('end', () => answer.end(String(received)));
    });
    const request = open(`${gateway.url}/api/blobs/sha256:0`, 'POST', null);
    const block = Buffer.alloc(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 200; sent++) {
      if (!request.write(block)) await once(request, 'drain');
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    request.end();
    const message = await response(request);
    const [body] = (await once(message, 'data')) as [Buffer];
    expect(body.toString()).toBe(String(200 * block.length));
    expect(peak).toBeLessThan(100 * block.length);
  });

  it('reaches the upstream while it is still being sent', async () => {
    const first = deferred<string>();
    let framing: string | undefined;
    const gateway = await bench.before((request, answer) => {
      framing = request.headers['transfer-encoding'];
      request.once('data', (chunk: Buffer) => first.resolve(chunk.toString()));
      request.on('end', () => answer.end());
    });
    const request = open(`${gateway.url}/api/create`, 'POST', null);
    request.write('begin');
    expect(await first.promise).toBe('begin');
    expect(framing).toBe('chunked');
    request.end();
    expect((await response(request)).statusCode).toBe(200);
  });

  it('that the client breaks off is broken off upstream', async () => {
    const upstream = deferred<IncomingMessage>();
    const gateway = await bench.before((request) => void request.once('data', () => upstream.resolve(request)));
    const request = open(`${gateway.url}/api/blobs/sha256:0`, 'POST', null);
    request.write('begin');
    const incoming = await upstream.promise;
    request.destroy();
    await closed(incoming);
    expect(incoming.complete).toBe(false);
  });

  it('that the upstream refuses half-way shows the client the refusal', async () => {
    const refusal = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno';
    const port = await bench.listen(
      // As Go's server does: it answers, says that it is done, and goes on reading for a while.
      createTcpServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => undefined).once('data', () => socket.end(refusal));
        socket.resume();
      }),
    );
    const gateway = await bench.gateway(`http://127.0.0.1:${port}`);
    const request = open(`${gateway.url}/api/blobs/sha256:0`, 'POST', null);
    const block = Buffer.alloc(256 * 1024);
    const fill = (): void => {
      while (!request.destroyed && request.write(block));
    };
    request.on('drain', fill);
    fill();
    const answered = await response(request);
    const [body] = (await once(answered, 'data')) as [Buffer];
    expect([answered.statusCode, body.toString()]).toEqual([401, 'no']);
    request.destroy();
  });
});

describe('the upstream', () => {
  it('that is not there is told in the words of the caller, with 502', async () => {
    const server = createServer();
    const port = await bench.listen(server);
    server.close();
    await once(server, 'close');
    const gateway = await bench.gateway(`http://127.0.0.1:${port}`);
    const message = expect.stringContaining(`cannot reach Ollama at http://127.0.0.1:${port}: `) as string;
    const ask = async (path: string, body?: string) => {
      const answer = await send(gateway.url + path, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body }),
      });
      expect(answer.status).toBe(502);
      return JSON.parse(answer.body.toString()) as unknown;
    };
    expect(await ask('/api/tags')).toEqual({ error: message });
    expect(await ask('/api/chat', '{"model":"m"}')).toEqual({ error: message });
    expect(await ask('/v1/chat/completions', '{}')).toMatchObject({ error: { message, type: 'api_error' } });
    expect(await ask('/v1/messages', '{}')).toEqual({ type: 'error', error: { type: 'api_error', message } });
    expect(bench.door.ends).toEqual(['upstream-failed']);
  });

  it.each([
    ['/api/chat', [200, 200], 3],
    ['/api/create', [200, 502], 2],
  ])('that has closed a kept connection meanwhile: %s is answered %j', async (path, statuses, requests) => {
    let seen = 0;
    // Answers the first request of a connection and hangs up on the second.
    const used = new WeakSet<object>();
    const gateway = await bench.before((request, reply) => {
      seen += 1;
      if (used.has(request.socket)) return void request.socket.destroy();
      used.add(request.socket);
      void bodyOf(request).then(() => reply.end('{"done":true}'));
    });
    const post = () => send(gateway.url + path, { method: 'POST', body: '{}' });
    expect([(await post()).status, (await post()).status]).toEqual(statuses);
    expect(seen).toBe(requests);
  });

  it('that hangs up before it answers gives 502', async () => {
    const port = await bench.listen(
      createTcpServer((socket: Socket) => void socket.once('data', () => socket.destroy())),
    );
    const gateway = await bench.gateway(`http://127.0.0.1:${port}`);
    expect(await send(`${gateway.url}/api/tags`)).toMatchObject({ status: 502 });
  });
});

describe('stopping', () => {
  it('lets a stream end, takes nothing new, and closes kept connections', async () => {
    let upstream!: ServerResponse;
    const gateway = await bench.before((_request, answer) => void (upstream = answer).write('a'), { drainMs: 60_000 });
    const idle = await bench.socket(gateway);
    idle.resume();
    const message = await response(open(`${gateway.url}/api/chat`));
    await once(message, 'data');
    const stopped = gateway.close();
    await closed(idle);
    await expect(send(gateway.url)).rejects.toThrow('ECONNREFUSED');
    upstream.end('b');
    const [last] = (await once(message, 'data')) as [Buffer];
    expect(last.toString()).toBe('b');
    await stopped;
    expect(bench.door.ends).toEqual(['complete']);
  });

  it('ends a stream that takes too long', async () => {
    const gateway = await bench.before((_request, answer) => void answer.write('a'), { drainMs: 20 });
    const message = await response(open(`${gateway.url}/api/chat`));
    await once(message, 'data');
    await gateway.close();
    expect(bench.door.ends).toEqual(['client-aborted']);
  });
});
