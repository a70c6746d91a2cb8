import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { RecordedEvent } from '@rightsize/event-store';
import { RightsizeModule, RightsizeService, type Optimized, type RightsizeOptions } from '../src/index.js';
import type { TemplateDetector } from '@rightsize/optimizer-core';
import { Detector } from '../src/rightsize.tokens.js';
import { startFakeOllama, type FakeOllama } from './fake-ollama.js';

const LONG_OPENING = Array.from({ length: 300 }, (_, i) => `rule${i} says that`).join(' ');

let folder: string;
let ollama: FakeOllama;
let app: INestApplicationContext | null = null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-module-'));
  ollama = await startFakeOllama();
});

afterEach(async () => {
  await app?.close();
  app = null;
  await ollama.close();
  rmSync(folder, { recursive: true, force: true });
});

const database = () => join(folder, 'log.sqlite');

async function start(options: Partial<RightsizeOptions> = {}): Promise<RightsizeService> {
  const module = RightsizeModule.forRoot({ upstream: ollama.url, database: database(), ...options });
  app = await NestFactory.createApplicationContext(module, { logger: false });
  return app.get(RightsizeService);
}

async function stop(): Promise<void> {
  await app?.close();
  app = null;
}

async function eventsOfLog(): Promise<readonly RecordedEvent<Record<string, unknown>>[]> {
  const storage = await openEventStorage({ file: database() });
  const events = await storage.store.readAll({ after: 0, limit: 10_000 });
  await storage.close();
  return events as readonly RecordedEvent<Record<string, unknown>>[];
}

function chat(content: string, options: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ model: 'llama3', messages: [{ role: 'user', content }], options }));
}

function send(
  service: RightsizeService,
  body: Buffer,
  over: { skip?: boolean; client?: string } = {},
): Promise<Optimized> {
  return service.optimize({ route: 'chat', body, client: over.client ?? 'test', skip: over.skip ?? false });
}

/** The server's answer as the proxy would show it. */
function answer(optimized: Optimized, final: object = {}): void {
  const last = {
    done: true,
    done_reason: 'stop',
    total_duration: 2e9,
    load_duration: 5e6,
    prompt_eval_count: 100,
    prompt_eval_duration: 1e8,
    eval_count: 50,
    eval_duration: 1e9,
    ...final,
  };
  optimized.observer.head(200, 'application/x-ndjson');
  optimized.observer.chunk(Buffer.from(`{"message":{"content":"hi"},"done":false}\n${JSON.stringify(last)}\n`));
  optimized.observer.end('complete');
}

function windowOf(optimized: Optimized): number | undefined {
  return (JSON.parse(optimized.body.toString()) as { options?: { num_ctx?: number } }).options?.num_ctx;
}

describe('a request through the module', () => {
  it('is pinned to the loaded window when that holds it, whatever the client asked for', async () => {
    ollama.loaded.set('llama3:latest', 8192);
    const service = await start();
    const optimized = await send(service, chat('hello', { num_ctx: 4096 }));
    expect(windowOf(optimized)).toBe(8192);
    expect(optimized.headers).toMatchObject({ 'x-rightsize-rule': 'stay', 'x-rightsize-num-ctx': '8192' });
    expect(optimized.headers['x-rightsize-decision']).toBe(optimized.requestId);
  });

  it('grows the window for a prompt that the loaded one would cut', async () => {
    ollama.loaded.set('llama3:latest', 4096);
    const service = await start();
    const optimized = await send(service, chat('word '.repeat(6000)));
    expect(windowOf(optimized)).toBeGreaterThan(6000);
    expect(optimized.headers['x-rightsize-rule']).toBe('grow');
  });

  it('holds the next one until the window that is being loaded is there, and sends it to that', async () => {
    ollama.loaded.set('llama3:latest', 4096);
    const service = await start();
    const big = await send(service, chat('word '.repeat(6000)));
    const next = send(service, chat('hello'));
    expect(await Promise.race([next, service.settled()])).toBeUndefined();
    big.observer.head(200, null);
    expect(windowOf(await next)).toBe(windowOf(big));
    expect((await next).headers).toHaveProperty('x-rightsize-held-ms');
  });

  it('leaves remote, unknown and unreadable models alone, byte for byte', async () => {
    const service = await start();
    const bodies = [
      Buffer.from('{"model":"remote-one","messages":[{"role":"user","content":"x"}]}'),
      Buffer.from('{"model":"missing","messages":[{"role":"user","content":"x"}]}'),
      Buffer.from('{"model":"gpt:cloud","messages":[{"role":"user","content":"x"}]}'),
      Buffer.from('{bad'),
      Buffer.from('{"model":"llama3","keep_alive":0}'),
    ];
    for (const body of bodies) expect((await send(service, body)).body).toBe(body);
  });

  it('keeps its bytes in shadow mode, off mode and when the caller asks to be left alone', async () => {
    ollama.loaded.set('llama3:latest', 8192);
    const shadow = await start({ mode: 'shadow' });
    const body = chat('hello', { num_ctx: 4096 });
    const shadowed = await send(shadow, body);
    expect(shadowed.body).toBe(body);
    expect(shadowed.headers).toMatchObject({ 'x-rightsize-num-ctx': '8192', 'x-rightsize-mode': 'shadow' });
    expect((await send(shadow, body, { skip: true })).body).toBe(body);
    await stop();
    const off = await start({ mode: 'off' });
    expect((await send(off, body)).body).toBe(body);
  });

  it("obeys a client's own window where it is configured to", async () => {
    ollama.loaded.set('llama3:latest', 8192);
    const service = await start({ clientWindows: [{ client: 'picky', rule: 'exact' }] });
    const picky = await send(service, chat('hello', { num_ctx: 5000 }), { client: 'picky' });
    expect(windowOf(picky)).toBe(5000);
    answer(picky);
    expect(windowOf(await send(service, chat('hello', { num_ctx: 5000 }), { client: 'other' }))).not.toBe(6000);
  });

  it('waits no longer than allowed for a server that does not answer', async () => {
    await ollama.close();
    const service = await start({ lookMs: 20 });
    const optimized = await send(service, chat('hello'));
    expect(optimized.headers['x-rightsize-rule']).toBe('open');
    expect(service.health().status).toBe('degraded');
    expect(service.health().reasons.join()).toContain('/api/ps');
  });
});

/** What a server answers that was told not to cut. */
function refusal(promptTokens: number, window: number): Buffer {
  const error = {
    code: 400,
    message: 'm',
    type: 'exceed_context_size_error',
    n_prompt_tokens: promptTokens,
    n_ctx: window,
  };
  return Buffer.from(JSON.stringify({ error: JSON.stringify({ error }) }));
}

function truncateOf(optimized: Optimized): unknown {
  return (JSON.parse(optimized.body.toString()) as { truncate?: unknown }).truncate;
}

describe('a prompt that does not fit after all', () => {
  it('is refused instead of cut, and sent again with a window that holds what was counted', async () => {
    ollama.loaded.set('llama3:latest', 4096);
    const service = await start();
    const first = await send(service, chat('hello'));
    expect([windowOf(first), truncateOf(first)]).toEqual([4096, false]);
    const second = await first.reconsider?.(400, refusal(9000, 4096));
    expect(windowOf(second!)).toBeGreaterThan(9000);
    expect(truncateOf(second!)).toBe(false);
    expect(second!.headers).toMatchObject({ 'x-rightsize-rule': 'grow', 'x-rightsize-refusals': '1' });
    expect(second!.requestId).toBe(first.requestId);
    answer(second!, { prompt_eval_count: 9000 });
    await stop();
    const events = await eventsOfLog();
    expect(events.map((e) => e.type)).toEqual(['request.optimized', 'request.refused', 'request.completed']);
    expect(events[1]?.data).toMatchObject({ window: 4096, promptTokens: 9000, next: { rule: 'grow' } });
  });

  it('is cut by the server only when no window holds it, and the client is told by how much', async () => {
    const service = await start();
    const first = await send(service, chat('hello'));
    const last = await first.reconsider?.(400, refusal(200_000, 8192));
    expect([windowOf(last!), truncateOf(last!), last!.reconsider]).toEqual([131_072, undefined, null]);
    expect(last!.headers['x-rightsize-cut']).toBe(String(200_000 - 131_072));
  });

  it('is refused for good when the client itself wants no cutting and no window holds it', async () => {
    const service = await start();
    const body = Buffer.from('{"model":"llama3","truncate":false,"messages":[{"role":"user","content":"x"}]}');
    const first = await send(service, body);
    expect(await first.reconsider?.(400, refusal(200_000, 8192))).toBeNull();
  });

  it('is tried twice more at most, even for a server that gives no counts', async () => {
    const service = await start();
    const older = Buffer.from('{"error":"the input length exceeds the context length"}');
    const windows: unknown[] = [];
    let attempt: Optimized | null = await send(service, chat('hello'));
    while (attempt?.reconsider) {
      windows.push(windowOf(attempt));
      attempt = await attempt.reconsider(400, older);
    }
    expect(windows).toHaveLength(3);
    expect(windows).toEqual(windows.toSorted((a, b) => Number(a) - Number(b)));
    expect(attempt && truncateOf(attempt)).toBeUndefined();
  });

  it('is no business of ours when a 400 means something else, or in shadow mode', async () => {
    const service = await start();
    const first = await send(service, chat('hello'));
    expect(await first.reconsider?.(400, Buffer.from('{"error":"bad"}'))).toBeNull();
    await stop();
    const shadow = await start({ mode: 'shadow' });
    expect((await send(shadow, chat('hello'))).reconsider).toBeNull();
  });
});

describe('what the module records', () => {
  it('is the decision and its completion in one stream, tied together', async () => {
    const service = await start();
    const optimized = await send(service, chat('hello'));
    answer(optimized);
    await stop();
    const events = await eventsOfLog();
    expect(events.map((e) => [e.stream, e.version, e.type])).toEqual([
      [`request-${optimized.requestId}`, 1, 'request.optimized'],
      [`request-${optimized.requestId}`, 2, 'request.completed'],
    ]);
    expect(events[1]?.metadata).toEqual({ correlationId: optimized.requestId, causationId: events[0]?.id });
    expect(events[1]?.data).toMatchObject({ promptTokens: 100, outputTokens: 50, taints: [], doneReason: 'stop' });
  });

  it('holds no text of the prompt, in no file', async () => {
    const service = await start();
    const canary = 'xylophone-canary-7731';
    answer(await send(service, chat(`${canary} ${LONG_OPENING} ${canary}`)));
    answer(await send(service, chat(`${canary} ${LONG_OPENING} ${canary}`)));
    await service.settled();
    const whileOpen = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
    await stop();
    const files = readdirSync(folder);
    expect(files).toContain('log.sqlite');
    const contents = [...whileOpen, ...files.map((file) => readFileSync(join(folder, file), 'latin1'))].join('\n');
    expect(contents).toContain('request.completed');
    expect(contents).not.toContain('xylophone');
    expect(contents).not.toContain('rule7');
  });

  it('tells a load from a reload, and whose it was', async () => {
    const service = await start();
    answer(await send(service, chat('hello')), { load_duration: 2e9 });
    ollama.loaded.set('llama3:latest', 8192);
    answer(await send(service, chat('hello')));
    answer(await send(service, chat('word '.repeat(9000))), { load_duration: 3e9, prompt_eval_count: 9000 });
    await stop();
    const reloads = (await eventsOfLog()).filter((e) => e.type === 'runner.reloaded');
    expect(reloads.map((e) => e.data['cause'])).toEqual(['first', 'decision']);
  });

  it('counts a load once, however many requests waited for it', async () => {
    const service = await start();
    const [one, ...others] = ['one', 'two', 'three'].map((text) => send(service, chat(text)));
    answer(await one!, { load_duration: 2e9 });
    for (const other of others) answer(await other);
    await stop();
    const events = await eventsOfLog();
    expect(events.filter((e) => e.type === 'runner.reloaded')).toHaveLength(1);
    const held = events.flatMap((e) => (e.type === 'request.optimized' ? [typeof e.data['heldMs']] : []));
    expect(held).toEqual(['undefined', 'number', 'number']);
  });

  it('records who was turned away while the model changes its window, and why', async () => {
    const service = await start({ maxHeld: 1 });
    const loading = await send(service, chat('word '.repeat(2000)));
    const leaves = new AbortController();
    const body = chat('waits for the load');
    const held = service.optimize({ route: 'chat', body, client: 'test', skip: false, signal: leaves.signal });
    const turned = await send(service, chat('one too many'));
    expect(turned.refusal?.status).toBe(503);
    leaves.abort();
    await held;
    answer(loading);
    await stop();
    const told = (await eventsOfLog()).filter(({ type }) => type === 'request.turned-away');
    expect(told.map(({ data }) => [data['model'], data['route'], data['why']])).toEqual([
      ['llama3:latest', 'chat', 'busy'],
      ['llama3:latest', 'chat', 'gone'],
    ]);
    expect(told.map(({ data }) => data['requestId'])).not.toContain(loading.requestId);
  });

  it('marks an answer that was cut as tainted, and says how it knows', async () => {
    ollama.loaded.set('llama3:latest', 4096);
    const service = await start({ mode: 'shadow' });
    answer(await send(service, chat('word '.repeat(6000))), { prompt_eval_count: 2050 });
    await stop();
    const events = await eventsOfLog();
    expect(events.find((e) => e.type === 'truncation.detected')?.data).toMatchObject({
      kind: 'prompt-cut',
      sign: 'half-window-formula',
      window: 4096,
    });
    expect(events.find((e) => e.type === 'request.completed')?.data['taints']).toEqual(['truncated']);
  });

  it('marks cancelled and broken answers', async () => {
    const service = await start();
    const cancelled = await send(service, chat('hello'));
    cancelled.observer.head(200, null);
    cancelled.observer.end('client-aborted');
    cancelled.observer.end('complete');
    const broken = await send(service, chat('hello'));
    broken.observer.end('upstream-failed');
    await stop();
    const completed = (await eventsOfLog()).filter((e) => e.type === 'request.completed');
    expect(completed.map((e) => e.data['taints'])).toEqual([expect.arrayContaining(['cancelled']), ['failed']]);
  });
});

describe('what the module learns', () => {
  it('survives a restart: templates keep their ids, statistics their counts', async () => {
    const first = await start();
    for (const topic of ['one', 'two', 'three']) answer(await send(first, chat(`${LONG_OPENING} about ${topic}`)));
    const before = first.decisions(1)[0];
    await stop();
    const second = await start();
    await send(second, chat(`${LONG_OPENING} about four`));
    const after = second.decisions(1)[0];
    expect(before?.templateId).toBeTruthy();
    expect(after?.templateId).toBe(before?.templateId);
  });

  it('goes to the template that the one it was asked under is part of by now', async () => {
    const service = await start();
    for (const topic of ['one', 'two']) answer(await send(service, chat(`${LONG_OPENING} about ${topic}`)));
    const optimized = await send(service, chat(`${LONG_OPENING} about three`));
    app!.get<TemplateDetector>(Detector).resolve = () => 't-survivor';
    answer(optimized);
    await stop();
    const events = (await eventsOfLog()).filter((e) => e.stream === `request-${optimized.requestId}`);
    expect(events.map((e) => e.data['templateId'])).toEqual([expect.stringMatching(/^t-[0-9a-f]{16}$/), 't-survivor']);
  });

  it('calibrates the estimate from what the server counted', async () => {
    const service = await start();
    const needed = async () => {
      answer(await send(service, chat(LONG_OPENING)), { prompt_eval_count: 600, eval_count: 10 });
      return service.decisions(1)[0]?.need ?? 0;
    };
    const before = await needed();
    for (let i = 0; i < 12; i += 1)
      answer(await send(service, chat(LONG_OPENING)), { prompt_eval_count: 600, eval_count: 10 });
    await service.settled();
    expect(await needed()).toBeLessThan(before);
  });

  it('goes on in memory when the log cannot be written, and says so', async () => {
    const service = await start({ database: join(folder, 'no', 'such', 'folder', 'log.sqlite') });
    const optimized = await send(service, chat('hello'));
    answer(optimized);
    expect(windowOf(optimized)).toBeGreaterThan(0);
    expect(service.health()).toMatchObject({ status: 'degraded', mode: 'active' });
    expect(service.health().reasons.join()).toContain('log.sqlite');
  });
});

describe('recent decisions', () => {
  it('are most recent first, with their outcome, and bounded', async () => {
    const service = await start({ recentDecisions: 2 });
    for (let i = 0; i < 3; i += 1) answer(await send(service, chat('hello'), { client: `c${i}` }));
    await service.settled();
    expect(service.decisions(10).map((d) => d.client)).toEqual(['c2', 'c1']);
    expect(service.decisions(1)[0]?.outcome).toEqual({ status: 200, promptTokens: 100, outputTokens: 50, taints: [] });
  });
});
