import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway } from '../../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';
import { VALID } from './hostile-bodies.js';
import { exchange } from './raw-exchange.js';

let folder: string;
let server: Simulator;
let gateway: Gateway;
/** What a server behind a gateway was asked: `METHOD path body`. */
const asked: string[] = [];
let witness: Server;
let witnessed: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-framing-'));
  server = await createSimulator({ timeScale: 0 });
  gateway = await gatewayBefore(server.url, join(folder, 'rightsize.sqlite'));
  witness = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (part: string) => (body += part));
    request.on('end', () => {
      // The gateway's own questions are not those of its clients.
      if (request.url !== '/api/ps' && request.url !== '/api/show' && request.url !== '/api/version')
        asked.push(`${request.method} ${request.url} ${body}`);
      response.end(`answer to ${request.url}\n`);
    });
  });
  witness.listen(0, '127.0.0.1');
  await once(witness, 'listening');
  const url = `http://127.0.0.1:${(witness.address() as AddressInfo).port}`;
  witnessed = await gatewayBefore(url, join(folder, 'witnessed.sqlite'));
});

afterAll(async () => {
  await gateway.close();
  await witnessed.close();
  await server.close();
  witness.closeAllConnections();
  witness.close();
  rmSync(folder, { recursive: true, force: true });
});

function post(path: string, body: string, headers: readonly string[] = []): string {
  const head = [`POST ${path} HTTP/1.1`, 'Host: localhost', `Content-Length: ${Buffer.byteLength(body)}`, ...headers];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** What a connection says until it is closed. */
async function say(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('error', () => undefined).on('data', (part: Buffer) => (text += part.toString('latin1')));
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.write(Buffer.from(bytes, 'latin1'));
  await closed;
  return text;
}

describe('a request that comes a byte at a time', () => {
  it.each(VALID.map(([path, body], number) => [number, path, body] as const))(
    'is answered as if it had come at once: %d, %s',
    async (_number, path, body) => {
      const bytes = Buffer.from(post(path, JSON.stringify(body), ['Connection: close']));
      const parts = [...bytes].map((_byte, at) => bytes.subarray(at, at + 1));
      const whole = await exchange(gateway.url, { kind: 'body', parts: [bytes], then: 'wait' });
      expect(whole).toMatch(/^[24]$/);
      expect(await exchange(gateway.url, { kind: 'body', parts, then: 'wait' })).toBe(whole);
    },
  );

  it('may be cut in two anywhere, also between the bytes of a character and of its framing', async () => {
    const text = '{"model":"llama3.2","prompt":"\u{1f999}","stream":false,"options":{"num_predict":1}}';
    const chunks = [text.slice(0, 40), text.slice(40)].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
    const head = 'POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const bytes = Buffer.from(`${head}${chunks.join('')}0\r\n\r\n`);
    const differing: number[] = [];
    for (let at = 1; at < bytes.length; at += 1) {
      const parts = [bytes.subarray(0, at), bytes.subarray(at)];
      if ((await exchange(gateway.url, { kind: 'body', parts, then: 'wait' })) !== '2') differing.push(at);
    }
    expect(differing).toEqual([]);
  });
}); // prettier-ignore

const describeSlow = process.env['RIGHTSIZE_FUZZ_SLOW'] === '1' ? describe : describe.skip;

describeSlow('a head that never ends', () => {
  it(
    // Node looks every half minute.
    'is ended with 408 after a minute',
    async () => {
      expect(await say(gateway.url, 'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')).toMatch(
        /^HTTP\/1.1 408 /,
      );
    },
    150_000,
  );
});

describe('a request within a request', () => {
  const HIDDEN = 'POST /api/hidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n';
  const CHUNKED = 'Transfer-Encoding: chunked';
  const bytes = `0\r\n\r\n${HIDDEN}`;

  it.each([
    ['two framings', ['Content-Length: 5', CHUNKED], bytes],
    ['two framings, the other way round', [CHUNKED, 'Content-Length: 5'], bytes],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`], HIDDEN],
    ['a list of lengths', [`Content-Length: 0, ${HIDDEN.length}`], HIDDEN],
    ['a coding that is none', ['Transfer-Encoding: xchunked', `Content-Length: ${HIDDEN.length}`], HIDDEN],
    ['a coding twice', [CHUNKED, 'Transfer-Encoding: identity'], bytes],
    ['a space before the colon', ['Transfer-Encoding : chunked', `Content-Length: ${bytes.length}`], bytes],
    ['a folded header', ['X: a', ' Transfer-Encoding: chunked', `Content-Length: ${bytes.length}`], bytes],
    ['a length with a sign', [`Content-Length: +${HIDDEN.length}`], HIDDEN],
    ['a bare line feed', [`X: a\nContent-Length: 0`, `Content-Length: ${HIDDEN.length}`], HIDDEN],
    ['a carriage return in a value', [`X: a\rContent-Length: 0`, `Content-Length: ${HIDDEN.length}`], HIDDEN],
    ['a length that belongs to the connection', ['Connection: close, content-length', `Content-Length: ${HIDDEN.length}`], HIDDEN],
  ])('stays part of its body or is refused, and never is one of its own: %s', async (_what, headers, body) => {
    asked.length = 0;
    for (const path of ['/api/embed', '/api/chat', '/v1/messages'])
      await say(witnessed.url, `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.join('\r\n')}\r\n\r\n${body}\r\n\r\n`);
    expect(asked.filter((line) => line.startsWith('POST /api/hidden'))).toEqual([]);
  }); // prettier-ignore

  it('is no way to get a header of its own into an answer', async () => {
    const field = String.raw`"a\r\nSet-Cookie: b\u0000\u2028"`;
    const answers = await Promise.all([
      say(gateway.url, post('/v1/chat/completions', `{"model":"qwen3","messages":[{"role":"user","content":"x"}],${field}:1}`, ['Connection: close'])),
      say(gateway.url, post('/api/chat', `{"model":"a\\r\\nSet-Cookie: b"}`, ['Connection: close'])),
      say(gateway.url, post('/api/chat', `{"model":"qwen3"}`, ['Connection: close', 'x-rightsize-client: a\x0bSet-Cookie: b'])),
    ]); // prettier-ignore
    expect(answers[0]).toContain('x-rightsize-route-reason: unknown-field ');
    for (const answer of answers) expect(answer.split('\r\n\r\n')[0]).not.toMatch(/^set-cookie/im);
  });
});

describe('requests that come before their predecessors are answered', () => {
  it('are answered in their order, each with its own body', async () => {
    asked.length = 0;
    const ask = (number: number, ...headers: string[]) => post(`/api/embed?${number}`, `{"n":${number}}`, headers);
    const text = await say(witnessed.url, ask(1) + ask(2) + ask(3, 'Connection: close'));
    expect([...text.matchAll(/answer to (\S+)/g)].map(([, path]) => path)).toEqual([1, 2, 3].map((n) => `/api/embed?${n}`));
    expect(asked.sort()).toEqual([1, 2, 3].map((n) => `POST /api/embed?${n} {"n":${n}}`));
  }); // prettier-ignore
});
