import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Random } from '@rightsize/traffic';
import { hostileBody, VALID } from './hostile-bodies.js';

/** Bytes for one connection. */
export interface Hostile {
  readonly kind: string;
  /** Written one after the other, a turn of the loop between them. */
  readonly parts: readonly Buffer[];
  /**
   * How the client goes on: waits for the answers, sends no more, or hangs up. Sending no more is for requests that
   * are not whole: after a whole one it means to Go, as to node, that nobody waits for the answer.
   */
  readonly then: 'wait' | 'half-close' | 'hang-up';
}

const CRLF = '\r\n';

function head(method: string, path: string, headers: readonly string[]): Buffer {
  return Buffer.from([`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join(CRLF), 'latin1');
}

function post(path: string, body: Buffer, headers: readonly string[] = []): Buffer {
  const all = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close', ...headers];
  return Buffer.concat([head('POST', path, all), body]);
}

function pieces(random: Random, bytes: Buffer, count: number): Buffer[] {
  const cuts = Array.from({ length: count }, () => random.between(1, bytes.length - 1)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length)).filter((part) => part.length > 0);
}

function chunked(random: Random, path: string, body: Buffer, spoil: boolean): Buffer {
  const chunks = pieces(random, Buffer.concat([body, Buffer.from(' ')]), random.between(1, 6));
  const broken = spoil ? random.between(0, chunks.length - 1) : -1;
  const size = (part: Buffer, at: number) =>
    at === broken ? random.pick(['zz', '-1', 'ffffffff', '']) : part.length.toString(16);
  const coded = chunks.flatMap((part, at) => [Buffer.from(size(part, at) + CRLF), part, Buffer.from(CRLF)]);
  const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked', 'Connection: close'];
  return Buffer.concat([head('POST', path, headers), ...coded, Buffer.from(`0${CRLF}${CRLF}`)]);
}

/** A zstd frame by hand: blocks of 128 KiB that take four bytes each, after the text as it stands. */
export function zstdFrame(text: Buffer, bombBlocks: number): Buffer {
  const block = (last: boolean, type: number, size: number) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((size << 3) | (type << 1) | Number(last), 0, 3);
    return header;
  };
  const bomb = Array.from({ length: bombBlocks }, (_, i) =>
    Buffer.concat([block(i === bombBlocks - 1, 1, 2 ** 17), Buffer.from(' ')]),
  );
  // A window of 128 KiB, no checksum, no declared size.
  const start = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
  return Buffer.concat([start, block(bombBlocks === 0, 0, text.length), text, ...bomb]);
}

function packed(random: Random, body: Buffer): [Buffer, string] {
  const encoding = random.pick(['gzip', 'br', 'zstd', 'zstd', 'deflate', 'identity', 'x'] as const);
  const bytes = {
    gzip: () => gzipSync(random.next() < 0.3 ? Buffer.alloc(2 ** 22, ' ') : body),
    br: () => brotliCompressSync(body),
    zstd: () => zstdFrame(body, random.pick([0, 0, 1, 400])),
    deflate: () => body,
    identity: () => body,
    x: () => body,
  }[encoding]();
  return [random.next() < 0.1 ? bytes.subarray(0, bytes.length >> 1) : bytes, encoding];
}

const HEADERS: readonly string[] = [
  'X-A: \u0000', 'X-A: a\rb', 'X A: b', 'X-A : b', ': b', 'X-A: \u00e9\u00ff', ' folded: x', 'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip', 'Content-Length: 5', 'Content-Length: -1', 'Content-Length: 5, 6', 'Host: elsewhere',
  'Upgrade: websocket', 'Connection: content-length', 'TE: trailers', 'Trailer: X',
  'x-rightsize: off', 'x-rightsize: \u00ff', 'Keep-Alive: timeout=1', 'Proxy-Connection: close', 'Range: bytes=0-1',
  `X-Long: ${'x'.repeat(8000)}`, 'X-Injected: a\r\nX-Other: b', 'Expect: 100-continue', 'Expect: 200-ok',
]; // prettier-ignore
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'BREW', 'get', ''];
const PATHS = ['/', '//api/chat', '/api/chat/', '/api/chat?x', '/api/%63hat', '/api/../api/chat', '*', '/\u0000', '/v1/models/%', '/v1/models/%2e', 'http://localhost/api/tags', '/api/chat#x', '/API/CHAT', '/v1/chat/completions/x']; // prettier-ignore

const wait = (kind: string, parts: readonly Buffer[]): Hostile => ({ kind, parts, then: 'wait' });

type Make = (random: Random, path: string, body: Buffer) => Hostile;

const KINDS: readonly Make[] = [
  (_random, path, body) => wait('body', [post(path, body)]),
  (_random, path, body) => wait('body', [post(path, body)]),
  (_random, path, body) => wait('body', [post(path, body)]),
  (random, path, body) => wait('pieces', pieces(random, post(path, body), random.between(1, 12))),
  (random, path, body) => wait('chunked', pieces(random, chunked(random, path, body, false), random.between(1, 8))),
  (random, path, body) => ({ kind: 'bad-chunks', parts: [chunked(random, path, body, true)], then: 'half-close' }),
  (random, path, body) => ({
    kind: 'early-close',
    parts: pieces(random, post(path, body), random.between(1, 3)).slice(0, -1),
    then: random.pick(['hang-up', 'half-close'] as const),
  }),
  (random, path, body) => ({ kind: 'header', parts: [post(path, body, [random.pick(HEADERS)])], then: 'wait' }),
  (random, path, body) => {
    const lie = ['Connection: close', `Content-Length: ${body.length + random.pick([1, 100, 900_000])}`];
    return { kind: 'length', parts: [head('POST', path, lie), body], then: 'half-close' };
  },
  (random, path, body) =>
    wait(
      'encoding',
      (() => {
        const [bytes, encoding] = packed(random, body);
        return [post(path, bytes, [`Content-Encoding: ${encoding}`])];
      })(),
    ),
  (random, path, body) => {
    const first = Buffer.concat([head('POST', path, [`Content-Length: ${body.length}`]), body]);
    return wait(
      'pipelined',
      [Buffer.concat([first, head('GET', '/api/version', []), post(path, body)])].flatMap((all) =>
        random.next() < 0.5 ? [all] : pieces(random, all, 4),
      ),
    );
  },
  (random, path) => ({
    kind: 'method',
    parts: [head(random.pick(METHODS), random.next() < 0.5 ? path : random.pick(PATHS), ['Connection: close'])],
    then: 'wait',
  }),
  (random, _path, body) => ({ kind: 'path', parts: [post(random.pick(PATHS), body)], then: 'wait' }),
  (random) => ({
    kind: 'noise',
    parts: [Buffer.from(Array.from({ length: random.between(1, 200) }, () => random.between(0, 255)))],
    then: 'half-close',
  }),
];

/** The next hostile request: of one seed always the same ones. */
export function hostileRequest(random: Random): Hostile {
  const [path, body] = random.pick(VALID);
  return random.pick(KINDS)(random, path, hostileBody(random, body));
}
