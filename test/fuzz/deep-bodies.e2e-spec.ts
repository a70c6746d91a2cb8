import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway } from '../../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';

let folder: string;
let server: Simulator;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-deep-'));
  server = await createSimulator({ timeScale: 0, contextLength: 65_536 });
  gateway = await gatewayBefore(server.url, join(folder, 'rightsize.sqlite'));
});

afterAll(async () => {
  await gateway.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Levels that the server's decoder still takes, wherever a body has the value. */
const DEEP = '{"a":'.repeat(9980) + '1' + '}'.repeat(9980);
const HELLO = '"messages":[{"role":"user","content":"hello"}]';
const LIMIT = '"options":{"num_predict":2},"stream":false';
const FUNCTION = `"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"enum":[${DEEP}]}}}`;

const BODIES: Readonly<Record<string, readonly [path: string, body: string]>> = {
  'tools of /api/chat': ['/api/chat', `{"model":"qwen3",${HELLO},${LIMIT},"tools":[{"type":"function","function":{${FUNCTION}}}]}`],
  'a call of /api/chat': ['/api/chat', `{"model":"qwen3","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":${DEEP}}}}]}],${LIMIT}}`],
  'format of /api/generate': ['/api/generate', `{"model":"qwen3","prompt":"hello","format":{"type":"object","enum":${DEEP}},${LIMIT}}`],
  'options of /api/generate': ['/api/generate', `{"model":"qwen3","prompt":"hello","stream":false,"options":{"num_predict":2,"later":${DEEP}}}`],
  'tools of /v1/chat/completions': ['/v1/chat/completions', `{"model":"qwen3",${HELLO},"max_tokens":2,"tools":[{"type":"function","function":{${FUNCTION}}}]}`],
  'tools of /v1/messages': ['/v1/messages', `{"model":"qwen3",${HELLO},"max_tokens":2,"tools":[{"name":"f","input_schema":{"type":"object","properties":{"a":{"enum":[${DEEP}]}}}}]}`],
  'tools of /v1/responses': ['/v1/responses', `{"model":"qwen3","input":"hello","max_output_tokens":2,"tools":[{"type":"function",${FUNCTION}}]}`],
}; // prettier-ignore

describe('a body that is nested as deep as the server reads', () => {
  it.each(Object.entries(BODIES))('is sized in %s', async (_where, [path, body]) => {
    const ask = (url: string) => fetch(url + path, { method: 'POST', body });
    const [direct, through] = [await ask(server.url), await ask(gateway.url)];
    const said = await through.text();
    expect([through.status, said.slice(0, 200)]).toEqual([direct.status, expect.anything()]);
    expect(direct.status).toBe(200);
    expect(Object.fromEntries(through.headers)).toHaveProperty('x-rightsize-num-ctx');
  });
});
