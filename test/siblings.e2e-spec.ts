import { jest } from '@jest/globals';
import { PROFILES } from '@rightsize/ollama-model';
import { World } from './wrong-beliefs-fixture.js';

jest.setTimeout(60_000);

const world = new World();
// A card that has room for a second model.
beforeAll(() => world.start({ sim: { hardware: { ...PROFILES.gpu24, keepAliveSeconds: 1e6 } } }));
afterAll(() => world.stop());

async function post(path: string, body: object): Promise<number> {
  const answer = await fetch(`${world.gateway.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  await answer.text();
  return answer.status;
}

const messages = (content: string) => [{ role: 'user', content }];
const HISTORY = Array.from({ length: 3000 }, (_, i) => `word${i % 997}`).join(' ');

describe('what a chat client sends beside its chats', () => {
  it('reloads nothing, whatever options it carries and under whatever name', async () => {
    expect(await post('/api/copy', { source: 'llama3.2', destination: 'chatty' })).toBe(200);
    const chat = () =>
      post('/api/chat', { model: 'llama3.2', messages: messages(HISTORY), options: { num_ctx: 8192 } });
    expect(await chat()).toBe(200);
    const before = world.sim.stats();
    const siblings: [string, object][] = [
      ['/api/chat', { model: 'llama3.2', messages: messages('A title for this chat'), stream: false }],
      ['/api/chat', { model: 'llama3.2', messages: messages('Tags'), options: { num_ctx: 2048, num_predict: 20 } }],
      ['/api/generate', { model: 'llama3.2', prompt: 'const a = ', options: { num_ctx: 1024, num_predict: 16 } }],
      ['/api/generate', { model: 'llama3.2', prompt: 'x', options: { num_batch: 256, num_thread: 2, num_gpu: 99 } }],
      ['/api/generate', { model: 'llama3.2', prompt: 'x', options: { num_batch: null, num_ctx: null } }],
      ['/api/generate', { model: 'llama3.2', prompt: 'x', options: { num_ctx: -1 } }],
      ['/api/chat', { model: 'chatty', messages: messages('Follow-ups'), options: { num_ctx: 512 } }],
      ['/api/generate', { model: 'llama3.2', keep_alive: -1 }],
    ];
    for (let round = 0; round < 3; round += 1) {
      for (const [path, body] of siblings) expect([path, body, await post(path, body)]).toEqual([path, body, 200]);
      expect(await chat()).toBe(200);
    }
    expect(world.sim.stats().loads).toBe(before.loads);
  });

  it('may embed: that loads its own model once, and leaves the chat model alone', async () => {
    const before = world.sim.stats();
    for (let i = 0; i < 3; i += 1) {
      expect(await post('/api/embed', { model: 'nomic-embed-text', input: 'some text' })).toBe(200);
      expect(await post('/api/chat', { model: 'llama3.2', messages: messages('hello') })).toBe(200);
    }
    expect(world.sim.stats().loads).toBe(before.loads + 1);
  });
});
