import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { packedInstall, type PackedInstall } from './packed-install.js';
import { serving, type Serving } from './serving.js';

let installed: PackedInstall;
let simulator: Simulator;
const started: Serving[] = [];

beforeAll(async () => {
  installed = packedInstall();
  simulator = await createSimulator({ timeScale: 0 });
}, 60_000);
afterAll(async () => {
  for (const one of started) await one.stop();
  await simulator?.close();
  installed?.remove();
});

describe('the packed programs, with nothing but what they declare', () => {
  it('serve as `npx @rightsize/gateway`, and look after the log that they leave', async () => {
    const args = ['@rightsize/gateway', '--upstream', simulator.url, '--port', '0'];
    const gateway = await serving('npx', args, { cwd: installed.folder });
    started.push(gateway);
    const messages = [{ role: 'user', content: 'Hello' }];
    const body = JSON.stringify({ model: 'llama3.2', messages, stream: false });
    const answer = await fetch(`${gateway.url}/api/chat`, { method: 'POST', body });
    expect([answer.status, answer.headers.get('x-rightsize-rule')]).toEqual([200, 'open']);
    expect((await fetch(`${gateway.url}/rightsize/docs`)).status).toBe(200);
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('rightsize_decisions_total');
    await gateway.stop();
    const maintenance = (...words: string[]) =>
      spawnSync(join(installed.folder, 'node_modules/.bin/rightsize-maintenance'), words, {
        encoding: 'utf8',
        cwd: installed.folder,
      });
    expect(maintenance('verify')).toMatchObject({ status: 0, stdout: expect.stringContaining('The log is whole.') });
    expect(maintenance('what-if', '--set', 'headroom=2')).toMatchObject({ status: 0 });
  }, 60_000);

  it('hold no link, no types, no source map and no test', () => {
    const inside = join(installed.folder, 'node_modules/@rightsize/gateway/node_modules/@rightsize');
    const files = readdirSync(inside, { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isSymbolicLink() || /\.(map|ts)$|\.spec\./.test(file.name))).toEqual([]);
    expect(readdirSync(inside)).toContain('optimizer-core');
  });
});
