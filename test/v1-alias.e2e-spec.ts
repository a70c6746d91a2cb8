import { DEFAULT_V1 } from '@rightsize/nest';
import { createSimulator, type Simulator } from '../apps/ollama-sim/src/simulator.js';
import { Bench, send } from '../apps/gateway/test/gateway-fixture.js';

const V1 = { ...DEFAULT_V1, chat: 'alias' as const };
const HELLO = { model: 'llama3.2', messages: [{ role: 'user', content: 'hi' }], max_tokens: 2, brand_new: 1 };

let bench: Bench;
let simulator: Simulator;
beforeEach(async () => {
  bench = new Bench();
  simulator = await createSimulator({ timeScale: 0 });
});
afterEach(async () => {
  await bench.closeAll();
  await simulator.close();
});

function decides(window: number): void {
  bench.door.decide = () => Promise.resolve({ headers: { 'x-rightsize-num-ctx': String(window) } });
}

function ask(url: string, body: object = HELLO) {
  return send(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
}

async function names(path: '/api/tags' | '/api/ps'): Promise<string[]> {
  const { models } = JSON.parse((await send(`${simulator.url}${path}`)).body.toString()) as {
    models: { name: string; context_length?: number }[];
  };
  return models.map((each) => (path === '/api/ps' ? `${each.name} ${each.context_length}` : each.name));
}

const aliases = async () => (await names('/api/tags')).filter((name) => name.startsWith('rightsize-alias/'));

describe('a route set to alias', () => {
  it('asks its own route for a name that has the window, and deletes the name when it stops', async () => {
    const gateway = await bench.gateway(simulator.url, { v1: V1 });
    decides(8192);
    const answer = await ask(gateway.url);
    expect(answer.message.headers).toMatchObject({ 'x-rightsize-route': 'alias', 'x-rightsize-num-ctx': '8192' });
    const name = 'rightsize-alias/llama3.2:latest-ctx8192';
    expect(JSON.parse(answer.body.toString())).toMatchObject({ object: 'chat.completion', model: name });
    expect(await names('/api/ps')).toEqual([`${name} 8192`]);
    expect(bench.door.ends).toEqual(['complete']);
    await gateway.close();
    expect(await aliases()).toEqual([]);
  });

  it('keeps the window while it holds what is needed, and doubles it when not', async () => {
    const { url } = await bench.gateway(simulator.url, { v1: V1 });
    for (const window of [6000, 4096, 8192, 9000, 5000]) {
      decides(window);
      await ask(url);
    }
    expect((await aliases()).toSorted()).toEqual([
      'rightsize-alias/llama3.2:latest-ctx16384',
      'rightsize-alias/llama3.2:latest-ctx8192',
    ]);
    expect(await names('/api/ps')).toEqual(['rightsize-alias/llama3.2:latest-ctx16384 16384']);
  });

  it('deletes what a run that was killed left behind, and nothing of anybody else', async () => {
    for (const model of ['rightsize-alias/old:latest-ctx4096', 'mine:latest']) {
      const body = JSON.stringify({ model, from: 'llama3.2', stream: false });
      await send(`${simulator.url}/api/create`, { method: 'POST', body });
    }
    const { url } = await bench.gateway(simulator.url, { v1: V1 });
    decides(4096);
    await ask(url);
    expect(await aliases()).toEqual(['rightsize-alias/llama3.2:latest-ctx4096']);
    expect(await names('/api/tags')).toContain('mine:latest');
  });

  it('passes when there can be no alias, and says so', async () => {
    const { url } = await bench.gateway(simulator.url, { v1: V1 });
    decides(4096);
    const answer = await ask(url, { ...HELLO, model: 'nobody' });
    expect(answer.status).toBe(404);
    expect(answer.message.headers['x-rightsize-route-reason']).toBe('alias-failed');
    bench.door.decide = () => Promise.resolve({});
    expect((await ask(url)).message.headers['x-rightsize-route-reason']).toBe('alias-failed');
  });

  it('makes the alias anew when models were made anew', async () => {
    const { url } = await bench.gateway(simulator.url, { v1: V1 });
    decides(4096);
    await ask(url);
    await send(`${simulator.url}/api/delete`, {
      method: 'DELETE',
      body: JSON.stringify({ model: 'rightsize-alias/llama3.2:latest-ctx4096' }),
    });
    const body = JSON.stringify({ model: 'other', from: 'llama3.2', stream: false });
    await send(`${url}/api/create`, { method: 'POST', body });
    expect((await ask(url)).status).toBe(200);
  });
});
