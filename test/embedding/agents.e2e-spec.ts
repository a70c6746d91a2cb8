import { Injectable } from '@nestjs/common';
import {
  AgentRegistry,
  BaseAgent,
  RightsizeAgentsModule,
  RightsizeModule,
  RightsizeProxyModule,
  type AgentContext,
  type RightsizeAgentsOptions,
  type RightsizeOptions,
} from '@rightsize/nest';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { Hosts } from './host.js';

// The example of docs/embedding.md.
@Injectable()
class PoliteAgent extends BaseAgent {
  readonly name = 'polite';

  override onRequest(context: AgentContext): void {
    if (context.client !== 'rude') return;
    context.headers = { ...context.headers, 'x-polite': 'no' };
    context.reply = 'Say please.';
  }
}

let sim: Simulator;
let hosts: Hosts;

beforeAll(async () => {
  sim = await createSimulator({ timeScale: 0 });
});
afterAll(() => sim.close());
beforeEach(() => {
  sim.reset();
  hosts = new Hosts();
});
afterEach(() => hosts.closeAll());

function start(options: RightsizeAgentsOptions = {}, rightsize: Partial<RightsizeOptions> = {}) {
  return hosts.start('express', {
    imports: [
      RightsizeModule.forRoot({ upstream: sim.url, database: hosts.database(), ...rightsize }),
      RightsizeAgentsModule.forRoot(options),
      RightsizeProxyModule.forRoot({ prefix: 'ollama' }),
    ],
    providers: [PoliteAgent],
  });
}

function ask(url: string, path: string, body: object, client = 'me'): Promise<Response> {
  return fetch(`${url}/ollama${path}`, {
    method: 'POST',
    headers: { 'x-rightsize-client': client },
    body: JSON.stringify({ model: 'llama3.2', ...body }),
  });
}

const messages = (content: string) => ({ messages: [{ role: 'user', content }] });
const STATUS = 'Rightsize is ready, mode active';

describe('an agent of the application', () => {
  it('is found among its providers, and answers in place of the model', async () => {
    const { url, app } = await start();
    const answer = await ask(url, '/api/chat', { ...messages('hello'), stream: false }, 'rude');
    expect(await answer.json()).toMatchObject({ message: { role: 'assistant', content: 'Say please.' }, done: true });
    expect(answer.headers.get('x-polite')).toBe('no');
    expect((await ask(url, '/api/chat', { ...messages('hello'), options: { num_predict: 1 } })).status).toBe(200);
    expect(app.get(AgentRegistry).counts).toEqual([{ name: 'polite', handled: 2, failed: 0, late: 0 }]);
  });
});

describe('/opt status', () => {
  it.each([
    ['/api/chat', messages('/opt status')],
    ['/api/generate', { prompt: '/opt status' }],
  ])('is answered at %s, streamed and whole', async (path, body) => {
    const { url } = await start();
    const streamed = (await (await ask(url, path, body)).text()).trim().split('\n');
    expect(streamed).toHaveLength(2);
    expect(streamed[0]).toContain(STATUS);
    expect(JSON.parse(streamed[1]!)).toMatchObject({ done: true, done_reason: 'stop' });
    expect(await (await ask(url, path, { ...body, stream: false })).text()).toContain(STATUS);
  });

  it.each([
    ['/v1/chat/completions', messages('/opt status'), 'chat.completion.chunk'],
    ['/v1/completions', { prompt: '/opt status' }, 'text_completion'],
    ['/v1/responses', { input: '/opt status' }, 'response.completed'],
    ['/v1/messages', { ...messages('/opt status'), max_tokens: 9 }, 'message_stop'],
  ])('is answered at %s in its dialect, streamed and whole', async (path, body, sign) => {
    const { url } = await start();
    const whole = await ask(url, path, body);
    expect(whole.headers.get('content-type')).toContain('application/json');
    expect(await whole.text()).toContain(STATUS);
    const streamed = await ask(url, path, { ...body, stream: true });
    expect(streamed.headers.get('content-type')).toContain('text/event-stream');
    const text = await streamed.text();
    expect(text).toContain(sign);
    expect(text).toContain(STATUS);
  });
});

describe('/opt', () => {
  it.each(['off', 'shadow'] as const)(
    'sizes the request that asks for it in mode %s, on native and other routes',
    async (mode) => {
      const { url } = await start({}, { mode });
      const options = { num_predict: 1 };
      const plain = await ask(url, '/api/chat', { ...messages('hello'), options });
      await plain.text();
      expect(plain.headers.get('x-rightsize-imposed') ?? 'no').toBe('no');
      const asked = await ask(url, '/api/chat', { ...messages('/opt hello'), options });
      expect(await asked.text()).toContain('"done":true');
      expect(Number(asked.headers.get('x-rightsize-num-ctx'))).toBeGreaterThan(0);
      expect(asked.headers.get('x-rightsize-imposed')).toBeNull();
      const v1 = await ask(url, '/v1/chat/completions', { ...messages('/opt hello'), max_tokens: 1 });
      await v1.text();
      expect(v1.headers.get('x-rightsize-num-ctx')).toBe(asked.headers.get('x-rightsize-num-ctx'));
    },
  );

  it('off leaves its request as it came but for the command; explain says why beside the answer', async () => {
    const { url } = await start();
    const off = await ask(url, '/api/chat', { ...messages('/opt off hello'), options: { num_predict: 1 } });
    await off.text();
    expect(off.headers.get('x-rightsize-rule')).toBe('off');
    const explained = await ask(url, '/api/chat', { ...messages('/opt explain hello'), options: { num_predict: 1 } });
    await explained.text();
    expect(explained.headers.get('x-rightsize-explain')).toMatch(/^(open|stay|grow) \d+; need \d+ = prompt up to/);
    const latest = await ask(url, '/api/chat', { ...messages('/opt explain'), stream: false });
    expect(await latest.text()).toContain('tokens for prompt and answer');
  });
});
