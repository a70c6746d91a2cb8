import { send } from './gateway-fixture.js';
import { SettingsBench } from './settings-fixture.js';

let bench: SettingsBench;
beforeEach(() => void (bench = new SettingsBench()));
afterEach(() => bench.closeAll());

async function complete(url: string, model: string, client: string): Promise<string> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  const headers = ['X-Rightsize-Client', client];
  const { message } = await send(`${url}/v1/chat/completions`, { method: 'POST', body, headers });
  return [message.headers['x-rightsize-route'], message.headers['x-rightsize-route-reason']].join(' ').trim();
}

describe('requests in other dialects', () => {
  it('are translated for the models and clients whose mode is active, and counted', async () => {
    const { url } = await bench.start("models:\n  'other*':\n    mode: shadow\nclients:\n  editor:\n    mode: off\n");
    expect(await complete(url, 'm', 'chat')).toBe('translate');
    expect(await complete(url, 'm', 'editor')).toBe('pass configured');
    expect(await complete(url, 'other', 'chat')).toBe('pass configured');
    const metrics = (await send(`${url}/metrics`)).body.toString();
    expect(metrics).toContain('rightsize_v1_requests_total{how="translate",reason=""} 1');
    expect(metrics).toContain('rightsize_v1_requests_total{how="pass",reason="configured"} 2');
  });

  it('follow the mode of dialects that a section gives their model or client', async () => {
    const { url } = await bench.start(
      "v1: [pass]\nmodels:\n  'other*':\n    v1: [translate]\n  m*:\n    v1: [chat=alias]\nclients:\n  editor:\n    v1: [messages=alias]\n  agent:\n    v1: [chat=pass]\n",
    );
    expect(await complete(url, 'other', 'chat')).toBe('translate');
    // What is said of a client's other routes is not said of this one.
    expect(await complete(url, 'other', 'editor')).toBe('translate');
    expect(await complete(url, 'other', 'agent')).toBe('pass configured');
    expect(await complete(url, 'm', 'chat')).toMatch(/^alias/);
    expect(await complete(url, 'unnamed', 'chat')).toBe('pass configured');
  });

  it('are translated for the one client that is active, while all others are off', async () => {
    const { url } = await bench.start('mode: off\nclients:\n  editor:\n    mode: active\n');
    expect(await complete(url, 'm', 'editor')).toBe('translate');
    expect(await complete(url, 'm', 'chat')).toBe('pass configured');
  });
});
