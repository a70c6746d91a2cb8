import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Gateway } from '../../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';
import { zstdFrame } from './hostile-requests.js';

const MIB = 2 ** 20;
/** Of an upload that passes by; `npm run fuzz` sets 1024. */
const UPLOAD_MIB = Number(process.env['RIGHTSIZE_FUZZ_MIB'] ?? 96);
/** What a client tries to send where a body is read whole: nobody may take it all. */
const REFUSED_BYTES = 1024 * MIB;
/** The bound of the gateway, what it still drops so that its answer is seen, and what sockets hold. */
const TAKEN_BYTES = (1 + 16 + 16) * MIB;
/** What may lie in buffers of both servers and of the client, which are one process here. */
const BUFFERED_BYTES = 48 * MIB;

/** What unpacking up to the server's bound of 20 MiB may take, twice: gateway and server are one process here. */
const UNPACKED_BYTES = 96 * MIB;

let folder: string;
let server: Simulator;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-huge-'));
  server = await createSimulator({ timeScale: 0 });
  gateway = await gatewayBefore(server.url, join(folder, 'rightsize.sqlite'));
});

afterAll(async () => {
  await gateway.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in buffers. */
function buffered(): number {
  return process.memoryUsage().arrayBuffers;
}

/** Bytes in buffers that somebody holds; garbage is left alone while all together is no more than so many. */
function held(bound: number): number {
  if (buffered() > bound) collectGarbage();
  return buffered();
}

const BLOCK = Buffer.alloc(MIB, ' ');
const CHUNK = Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), BLOCK, Buffer.from('\r\n')]);

interface Upload {
  /** Written by the client before the answer was there, bytes. */
  readonly sent: number;
  readonly answer: string;
  /** Most that was held in buffers meanwhile, bytes more than before. */
  readonly peak: number;
}

/** Sends up to so many bytes, as fast as they are taken, and stops at the first byte of an answer. */
async function upload(url: string, path: string, bytes: number, framing: 'length' | 'chunked'): Promise<Upload> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  const answer: string[] = [];
  let wake = (): void => undefined;
  socket.on('data', (part: Buffer) => void answer.push(part.toString('latin1')));
  for (const event of ['drain', 'data', 'close', 'error']) socket.on(event, () => wake());
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const length = framing === 'length' ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked';
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${length}\r\n\r\n`);
  collectGarbage();
  const before = buffered();
  let peak = 0;
  let sent = 0;
  while (sent < bytes && answer.length === 0 && !socket.destroyed) {
    const isTaken = socket.write(framing === 'length' ? BLOCK : CHUNK);
    sent += MIB;
    if (!isTaken) await new Promise<void>((resolve) => (wake = resolve));
    peak = Math.max(peak, held(before + BUFFERED_BYTES) - before);
  }
  if (framing === 'chunked' && sent === bytes) socket.write('0\r\n\r\n');
  // Who sees an answer in the middle stops sending; who is done waits.
  if (sent < bytes) socket.end();
  await closed;
  return { sent, answer: answer.join(''), peak };
}

describe('a body of gigabytes', () => {
  let sink: Server;
  let before: Gateway;
  beforeAll(async () => {
    sink = createServer((request, response) => {
      let received = 0;
      request.on('data', (chunk: Buffer) => (received += chunk.length));
      request.on('end', () => response.end(`received ${received}`));
    });
    sink.listen(0, '127.0.0.1');
    await once(sink, 'listening');
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
    before = await gatewayBefore(url, join(folder, 'sink.sqlite'));
  });
  afterAll(async () => {
    await before.close();
    sink.closeAllConnections();
    sink.close();
  });

  it.each(['length', 'chunked'] as const)(
    `streams where it passes by, whole and with flat memory: ${UPLOAD_MIB} MiB, %s`,
    async (framing) => {
      const bytes = UPLOAD_MIB * MIB;
      const { answer, peak } = await upload(before.url, '/api/blobs/sha256:0', bytes, framing);
      expect(answer).toContain(`received ${bytes}`);
      expect(peak).toBeLessThan(BUFFERED_BYTES);
    },
    30_000 + UPLOAD_MIB * 500,
  );

  const OPENAI = '"type":"invalid_request_error"';
  it.each([
    ['/api/chat', '{"error":"request body is larger than'],
    ['/api/generate', '{"error":"request body is larger than'],
    ['/v1/chat/completions', OPENAI],
    ['/v1/completions', OPENAI],
    ['/v1/responses', OPENAI],
    ['/v1/messages', '{"type":"error","error":{"type":"request_too_large"'],
  ])('is refused early by %s, in its own words, and is neither read nor kept', async (path, words) => {
    for (const framing of ['length', 'chunked'] as const) {
      const { answer, sent, peak } = await upload(gateway.url, path, REFUSED_BYTES, framing);
      expect(answer).toMatch(/^HTTP\/1.1 413 /);
      expect(answer).toContain(words);
      expect(sent).toBeLessThan(TAKEN_BYTES);
      expect(peak).toBeLessThan(BUFFERED_BYTES);
    }
  });
});

/** Without the id that Anthropic's errors have. */
function unnamed(text: string): string {
  return text.replace(/req_\w+/, '');
}

describe('a small body that unpacks to hundreds of megabytes', () => {
  const text = Buffer.from(
    '{"model":"qwen3","max_tokens":2,"messages":[{"role":"user","content":"x"}],"prompt":"x","input":"x"}',
  );
  const bombs = {
    gzip: () => gzipSync(Buffer.concat([text, Buffer.alloc(256 * MIB, ' ')])),
    br: () => brotliCompressSync(Buffer.concat([text, Buffer.alloc(256 * MIB, ' ')]), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
    // Blocks of 128 KiB.
    zstd: () => zstdFrame(text, 8192),
  }; // prettier-ignore
  const routes = [
    '/api/chat',
    '/api/generate',
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/responses',
    '/v1/messages',
  ];

  it.each(Object.entries(bombs))(
    'is not unpacked, and refused as the server refuses it: %s',
    async (encoding, make) => {
      const body = make();
      const gateways: [status: number, isBounded: boolean][] = [];
      // One after the other: the server is in this process too, and unpacks what it takes.
      for (const path of routes) {
        const ask = (url: string) =>
          fetch(url + path, { method: 'POST', body, headers: { 'content-encoding': encoding } });
        const direct = unnamed(await (await ask(server.url)).text());
        collectGarbage();
        const before = buffered();
        const through = await ask(gateway.url);
        // Garbage included: what is unpacked at once and dropped has been in memory too.
        gateways.push([through.status, buffered() - before < UNPACKED_BYTES]);
        expect(unnamed(await through.text())).toBe(direct);
      }
      expect(gateways).toEqual(routes.map(() => [400, true]));
    },
  );
});
