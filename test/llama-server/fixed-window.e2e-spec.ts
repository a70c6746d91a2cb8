import { openEventStorage } from '@rightsize/event-store-sqlite';
import { WindowReport, windowInWords, type DomainEvent } from '@rightsize/optimizer-core';
import { startServer, type ChildServer } from '@rightsize/traffic';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startStandIn, type StandIn, type StandInOptions } from './stand-in.js';

const GATEWAY = resolve(import.meta.dirname, '../../apps/gateway/dist/main.js');

let folder: string;
let server: StandIn;
let gateway: ChildServer;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rightsize-fixed-'))));
afterEach(async () => {
  await gateway.stop();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const database = (): string => join(folder, 'log.sqlite');

/** A gateway that has been told nothing of what is behind it. */
async function start(options: StandInOptions = {}, more: readonly string[] = []): Promise<void> {
  server = await startStandIn(options);
  const args = ['--upstream', server.url, '--port', '0', '--db', database(), '--log-level', 'error'];
  gateway = await startServer(GATEWAY, [...args, ...more]);
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function post(url: string, path: string, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-rightsize-client': 'tester' };
  const response = await fetch(url + path, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const through = (path: string, body: object) => post(gateway.url, path, JSON.stringify(body));

function chat(words: number, more: object = {}): object {
  const text = Array.from({ length: words }, (_, at) => `word${at % 7}`).join(' ');
  return { model: 'anything', messages: [{ role: 'user', content: text }], ...more };
}

/** More than the policy wants to have seen before it believes them. */
const REQUESTS = 24;

/** Resolves when so many answers have been learnt from. */
async function folded(completions: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${gateway.url}/rightsize/v1/models/${encodeURIComponent(server.model)}`);
    const { completions: learnt } = (await answer.json()) as { completions: number };
    if (learnt >= completions) return;
  }
}

/** What the log holds once the gateway has ended. */
async function recorded(): Promise<readonly DomainEvent[]> {
  await gateway.stop();
  const storage = await openEventStorage({ file: database() });
  const events = await storage.store.readAll({ after: 0, limit: 1000 });
  await storage.close();
  return events.map(({ type, data }) => ({ type, data }) as DomainEvent);
}

function dataOf<T extends DomainEvent['type']>(events: readonly DomainEvent[], type: T) {
  return events
    .filter((event) => event.type === type)
    .map(({ data }) => data as Extract<DomainEvent, { type: T }>['data']);
}

describe('before a server with one window for all', () => {
  it.each([
    ['/v1/chat/completions', chat(20)],
    ['/v1/chat/completions', chat(20, { stream: true })],
    ['/v1/completions', { prompt: 'a b c', stream: true }],
    ['/completion', { prompt: 'a b c', n_predict: 3 }],
  ])('%s passes byte for byte, there and back, and says that the window is fixed', async (path, body) => {
    await start();
    // Odd on purpose: whoever reads and writes it anew gives it away.
    const odd = ` ${JSON.stringify(body, null, 1)}\n`;
    const direct = await post(server.url, path, odd);
    const passed = await post(gateway.url, path, odd);
    expect(server.bodies).toEqual([odd, odd]);
    expect(passed.text).toBe(direct.text);
    expect(Object.fromEntries(passed.headers)).toMatchObject({
      'x-rightsize-rule': 'fixed',
      'x-rightsize-num-ctx': '2048',
      'x-rightsize-imposed': 'no',
    });
    expect(server.asked.filter((line) => line.includes('/api/'))).toEqual(['GET /api/version']);
  });

  it('counts prompts and answers, streamed or not, and finds their template', async () => {
    await start();
    const about = (n: number) =>
      chat(0, {
        stream: n % 2 === 0,
        messages: [
          { role: 'system', content: 'You sort letters of customers by what they want, in one word.' },
          { role: 'user', content: `Letter ${n}: my parcel number ${n * 7919} has not come` },
        ],
      });
    for (let n = 1; n <= REQUESTS; n += 1) expect((await through('/v1/chat/completions', about(n))).status).toBe(200);
    await folded(REQUESTS);
    await through('/v1/chat/completions', about(1));
    const events = await recorded();
    const completed = dataOf(events, 'request.completed');
    expect(completed).toHaveLength(REQUESTS + 1);
    for (const { promptTokens, outputTokens, window, taints, model } of completed) {
      expect({ outputTokens, window, taints, model }).toEqual({
        outputTokens: 40,
        window: 2048,
        taints: [],
        model: 'work/random.gguf',
      });
      expect(promptTokens).toBeGreaterThan(20);
    }
    expect(dataOf(events, 'template.detected')).toHaveLength(1);
    expect(new Set(completed.slice(3).map(({ templateId }) => templateId)).size).toBe(1);
    const last = dataOf(events, 'request.optimized').at(-1)!;
    expect(last.decision).toMatchObject({ rule: 'fixed', numCtx: null, inputs: { loadedWindow: 2048 } });
    // Learnt from answers of 40 tokens: where nothing is known it is twenty times that.
    expect(last.decision.inputs.outputBound).toBeLessThan(100);
    expect(last.imposed).toBe(false);
    for (const file of readdirSync(folder)) {
      expect(readFileSync(join(folder, file)).includes('parcel number')).toBe(false);
    }
  });

  it('leaves refusals to the client, and reports what window would have held all', async () => {
    await start();
    for (let n = 0; n < 7; n += 1) await through('/v1/chat/completions', chat(900));
    const refused = await through('/v1/chat/completions', chat(5000, { max_tokens: 40 }));
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'exceed_context_size_error', n_ctx: 2048 } });
    await folded(8);
    const report = await fetch(`${gateway.url}/rightsize/v1/overflow`);
    const { items, models } = (await report.json()) as { items: object[]; models: { inWords: string }[] };
    expect(items).toMatchObject([{ model: 'work/random.gguf', refusals: 1, window: 2048, largestPromptTokens: 5009 }]);
    expect(models).toMatchObject([{ isFixed: true, window: 2048, requests: 8, notHeld: 1, all: 5120 }]);
    expect(models[0]!.inWords).toBe(
      'its window is 2,048, and is fixed: 1 of 8 requests did not fit; 5,120 would have held them all',
    );
    const status = await fetch(`${gateway.url}/rightsize/v1/status`);
    expect(await status.json()).toMatchObject({
      status: 'ready',
      server: { name: 'llama-server', windows: 'fixed' },
    });
    const events = await recorded();
    expect(dataOf(events, 'request.refused')).toMatchObject([{ promptTokens: 5009, window: 2048, next: null }]);
    const fromLog = new WindowReport();
    for (const event of events) fromLog.add(event);
    expect(fromLog.lines().map(windowInWords)).toEqual([models[0]!.inWords]);
  });

  it.each([
    ['ends', false],
    ['goes on past', true],
  ])('tells of an answer that %s the end of the window', async (_how, shifts) => {
    await start({ window: 64, shifts });
    const { status } = await through('/v1/completions', { prompt: 'word '.repeat(50) });
    expect(status).toBe(200);
    expect(dataOf(await recorded(), 'truncation.detected')).toMatchObject([
      { kind: 'answer-shifted', sign: 'beyond-window', window: 64 },
    ]);
  });

  it('waits for nothing while the server loads, and learns its window when it is there', async () => {
    await start();
    server.isLoading = true;
    const early = await through('/v1/chat/completions', chat(5));
    expect([early.status, early.headers.get('x-rightsize-rule')]).toEqual([503, 'fixed']);
    server.isLoading = false;
    const later = await through('/v1/chat/completions', chat(5));
    expect([later.status, later.headers.get('x-rightsize-num-ctx')]).toEqual([200, '2048']);
  });

  it('passes what it has no business with', async () => {
    await start();
    expect(await (await fetch(`${gateway.url}/props`)).json()).toMatchObject({ total_slots: 2 });
    expect((await post(gateway.url, '/v1/chat/completions', '{bad')).status).toBe(500);
    expect((await through('/api/chat', { model: 'm' })).status).toBe(404);
  });
});
