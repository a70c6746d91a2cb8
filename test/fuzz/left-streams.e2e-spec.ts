import { mkdtempSync, rmSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PROFILES } from '@rightsize/ollama-model';
import { until } from '../../apps/gateway/test/gateway-fixture.js';
import type { Gateway } from '../../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';

/** `npm run fuzz -- --left N` sets it. */
const TIMES = Number(process.env['RIGHTSIZE_FUZZ_LEFT'] ?? 240);
/** What a stream that was left may cost for good, bytes: its share of what is learnt. One of its objects is more. */
const BYTES_EACH = 400;
/** Code that is compiled late, caches that fill, bytes. */
const SLACK_BYTES = 6 * 2 ** 20;

let folder: string;
let server: Simulator;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-left-'));
  // Some milliseconds for a token, seconds for an answer.
  server = await createSimulator({ timeScale: 1e-5, hardware: { ...PROFILES.gpu8, decodeRate: 2e-3 } });
  gateway = await gatewayBefore(server.url, join(folder, 'rightsize.sqlite'));
});

afterAll(async () => {
  await gateway.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const MESSAGES = [{ role: 'user', content: 'Tell everything.' }];
const STREAMS: readonly (readonly [path: string, body: object])[] = [
  ['/api/chat', { model: 'qwen3', messages: MESSAGES }],
  ['/api/generate', { model: 'qwen3', prompt: 'Tell everything.' }],
  ['/v1/chat/completions', { model: 'qwen3', messages: MESSAGES, stream: true }],
  ['/v1/completions', { model: 'qwen3', prompt: 'Tell everything.', stream: true }],
  ['/v1/messages', { model: 'qwen3', max_tokens: 1000, messages: MESSAGES, stream: true }],
  ['/v1/responses', { model: 'qwen3', input: 'Tell everything.', stream: true }],
  ['/v1/chat/completions', { model: 'qwen3', messages: MESSAGES, stream: true, later: 1 }],
];

/** Leaves a stream after its first bytes, or, of some, before they come or before the request is whole. */
async function leave(number: number): Promise<void> {
  const [path, body] = STREAMS[number % STREAMS.length]!;
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n`;
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  switch (number % 10) {
    case 8:
      socket.write(head + text.slice(0, 9), () => socket.destroy());
      break;
    case 9:
      socket.write(head + text, () => socket.destroy());
      break;
    default:
      socket.write(head + text);
      socket.once('data', () => socket.destroy());
  }
  await closed;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is alive when all garbage is gone. */
function alive() {
  collectGarbage();
  // A response holds on to its request, and to all that listens to either.
  return {
    responses: Number(queryObjects(ServerResponse)),
    heap: process.memoryUsage().heapUsed,
  };
}

function resources(kind: string): number {
  return process.getActiveResourcesInfo().filter((name) => name === kind).length;
}

function running(): number {
  const { requests, outcomes } = server.stats();
  return requests - Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

describe('streams whose clients leave', () => {
  it(
    `free the server, and leave no object, socket, timer or memory behind: ${TIMES}`,
    async () => {
      const warmUp = Math.max(70, TIMES / 10);
      for (let number = 0; number < warmUp; number += 1) await leave(number);
      await until(() => running() === 0);
      const [before, sockets, timers] = [alive(), resources('TCPSocketWrap'), resources('Timeout')];
      for (let number = 0; number < TIMES; number += 1) await leave(number);
      await until(() => running() === 0);
      await until(() => resources('TCPSocketWrap') <= sockets + 8);
      await until(() => resources('Timeout') <= timers + 4);
      const after = alive();
      const grown = (kind: keyof typeof after) => after[kind] - before[kind];
      // Kept connections to the server hold on to their last exchange.
      expect(grown('responses')).toBeLessThanOrEqual(8);
      expect(grown('heap')).toBeLessThan(SLACK_BYTES + TIMES * BYTES_EACH);
      expect(server.stats().outcomes.cancelled).toBeGreaterThanOrEqual(TIMES / 2);
    },
    60_000 + TIMES * 60,
  );
});
