import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_V1 } from '@rightsize/nest';
import type { Gateway } from '../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from './gateway-before.js';

const ALIAS = { chat: 'alias', completions: 'alias', messages: 'alias', responses: 'alias' } as const;
const MESSAGES = [{ role: 'user', content: 'What is the weather like where you are?' }];

let folder: string;
let simulator: Simulator;
let gateway: Gateway;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-alias-'));
  simulator = await createSimulator({ timeScale: 0 });
  gateway = await gatewayBefore(simulator.url, join(folder, 'rightsize.sqlite'), { ...DEFAULT_V1, ...ALIAS });
});
afterEach(async () => {
  await gateway.close();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Recorded {
  readonly data: {
    readonly promptTokens: number | null;
    readonly cachedTokens: number | null;
    readonly outputTokens: number | null;
    readonly doneReason: string | null;
    readonly window: number;
    readonly taints: readonly string[];
  };
}

async function lastOf(type: string): Promise<Recorded['data']> {
  for (;;) {
    const { items } = (await (await fetch(`${gateway.url}/rightsize/v1/events?type=${type}`)).json()) as {
      items: Recorded[];
    };
    if (items.length > 0) return items[0]!.data;
  }
}

async function ask(path: string, body: object) {
  const answer = await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body) });
  expect([answer.status, answer.headers.get('x-rightsize-route')]).toEqual([200, 'alias']);
  return { window: Number(answer.headers.get('x-rightsize-num-ctx')), text: await answer.text() };
}

const CHAT = { model: 'llama3.2', messages: MESSAGES, max_tokens: 3 };
const USAGE = { stream: true, stream_options: { include_usage: true } };

describe('an answer by an alias', () => {
  it.each([
    ['/v1/chat/completions', CHAT],
    ['/v1/chat/completions', { ...CHAT, ...USAGE }],
    ['/v1/completions', { model: 'llama3.2', prompt: 'What is it like?', max_tokens: 3 }],
    ['/v1/completions', { model: 'llama3.2', prompt: 'What is it like?', max_tokens: 3, ...USAGE }],
    ['/v1/messages', CHAT],
    ['/v1/messages', { ...CHAT, stream: true }],
    ['/v1/responses', { model: 'llama3.2', input: 'What is it like?', max_output_tokens: 3 }],
    ['/v1/responses', { model: 'llama3.2', input: 'What is it like?', max_output_tokens: 3, stream: true }],
  ])('teaches the counts that it tells, in the window that it ran in: %s %j', async (path, body) => {
    const { window, text } = await ask(path, body);
    const counts = /"(?:prompt|input)_tokens":(\d+)(?!.*"(?:prompt|input)_tokens":\d)/s.exec(text)!;
    const learnt = await lastOf('request.completed');
    expect(learnt).toMatchObject({ promptTokens: Number(counts[1]), outputTokens: 3, window });
    expect(learnt.taints.filter((taint) => taint !== 'length')).toEqual([]);
    expect(learnt.cachedTokens).toBe(0);
  });

  it('that does not tell its counts teaches how it ended', async () => {
    await ask('/v1/chat/completions', { ...CHAT, stream: true });
    expect(await lastOf('request.completed')).toMatchObject({ promptTokens: null, doneReason: 'length' });
  });

  it('to a prompt that was cut says so', async () => {
    // Beyond the largest window that the model has.
    const prompt = Array.from({ length: 30_000 }, (_, i) => `word${i}`).join(' ');
    await ask('/v1/completions', { model: 'qwen3', prompt, max_tokens: 3 });
    expect(await lastOf('truncation.detected')).toMatchObject({ kind: 'prompt-cut' });
  });
});
