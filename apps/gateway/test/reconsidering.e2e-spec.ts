import type { Optimized } from '@rightsize/optimizer';
import { Bench, bodyOf, deferred, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

/** An upstream that refuses bodies without "big", and what it was sent. */
async function refusing(refusal = '{"error":"too long"}') {
  const seen: string[] = [];
  const gateway = await bench.before((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push(body.toString());
      if (body.includes('big')) response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end('answer\n');
      else response.writeHead(400, 'Bad Request', { 'X-Own': 'yes' }).end(refusal);
    });
  });
  return { url: `${gateway.url}/api/chat`, seen };
}

function next(ends: string[], over: Partial<Optimized> = {}): Optimized {
  const observer = { head: () => undefined, chunk: () => undefined, end: (how: string) => void ends.push(how) };
  return {
    requestId: 'id',
    body: Buffer.from('big'),
    headers: { 'x-second': '1' },
    observer,
    reconsider: null,
    ...over,
  };
}

describe('an answer that may be reconsidered', () => {
  it('is replaced by that of the next attempt: the client sees nothing of the refusal', async () => {
    const ends: string[] = [];
    const shown: [number, string][] = [];
    bench.door.decide = () =>
      Promise.resolve({
        reconsider: (status, body) => {
          shown.push([status, body.toString()]);
          return Promise.resolve(next(ends));
        },
      });
    const { url, seen } = await refusing();
    const answer = await send(url, { method: 'POST', body: 'small' });
    expect([answer.status, answer.body.toString(), answer.message.headers['x-second']]).toEqual([200, 'answer\n', '1']);
    expect(answer.message.headers['x-own']).toBeUndefined();
    expect(shown).toEqual([[400, '{"error":"too long"}']]);
    expect(seen).toEqual(['small', 'big']);
    expect([bench.door.ends, ends]).toEqual([[], ['complete']]);
  });

  it("is the client's, headers and all, when there is nothing better", async () => {
    bench.door.decide = () => Promise.resolve({ reconsider: () => Promise.resolve(null) });
    const { url } = await refusing();
    const answer = await send(url, { method: 'POST', body: 'small' });
    expect([answer.status, answer.body.toString(), answer.message.rawHeaders.includes('X-Own')]).toEqual([
      400,
      '{"error":"too long"}',
      true,
    ]);
    expect(bench.door.seen).toEqual(['400 null', '{"error":"too long"}']);
    expect(bench.door.ends).toEqual(['complete']);
  });

  it("is the client's when it is larger than any refusal, without being held", async () => {
    let asked = 0;
    bench.door.decide = () => Promise.resolve({ reconsider: () => Promise.resolve(((asked += 1), null)) });
    const large = 'x'.repeat(200_000);
    const { url } = await refusing(large);
    const answer = await send(url, { method: 'POST', body: 'small' });
    expect([answer.status, answer.body.length, asked]).toEqual([400, large.length, 0]);
  });

  it('is not held when it is no 400', async () => {
    let asked = 0;
    bench.door.decide = () => Promise.resolve({ reconsider: () => Promise.resolve(((asked += 1), null)) });
    const { url } = await refusing();
    expect((await send(url, { method: 'POST', body: 'big' })).status).toBe(200);
    expect(asked).toBe(0);
  });

  it('is replaced for nobody when the client leaves meanwhile: the next attempt ends as aborted', async () => {
    const ends: string[] = [];
    const decided = deferred<Optimized>();
    const asked = deferred<void>();
    bench.door.decide = () =>
      Promise.resolve({
        reconsider: () => {
          asked.resolve();
          return decided.promise;
        },
      });
    const { url, seen } = await refusing();
    const socket = await bench.socket({ url: url.replace('/api/chat', ''), close: () => Promise.resolve() });
    socket.write('POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nsmall');
    await asked.promise;
    const aborted = deferred<string>();
    const gone = next(ends, {
      observer: { head: () => undefined, chunk: () => undefined, end: (how) => aborted.resolve(how) },
    });
    socket.destroy();
    // The close has arrived before the connection of this request, and is seen no later.
    await send(url.replace('/api/chat', '/rightsize/health'));
    decided.resolve(gone);
    expect(await aborted.promise).toBe('client-aborted');
    expect(seen).toEqual(['small']);
  });
});
