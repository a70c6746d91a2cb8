import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gatewayBefore } from '../../../test/gateway-before.js';
import { cases } from '../src/overhead-cases.js';

it('the server of the overhead bench says the same on its /v1 route as the gateway makes of its native one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-overhead-'));
  const server = spawn(process.execPath, [resolve(import.meta.dirname, '../dist/overhead-upstream.js')]);
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const url = /http:\S+/.exec(line)![0];
    const gateway = await gatewayBefore(url, join(folder, 'rightsize.sqlite'));
    const { request } = cases().find(({ name }) => name === 'small body, /v1')!;
    const [head, body] = request.toString().split('\r\n\r\n');
    const ask = async (base: string) => {
      const answer = await fetch(base + head!.split(' ')[1], { method: 'POST', body: body! });
      return [answer.headers.get('x-rightsize-route'), choicesOf(await answer.text())];
    };
    const [direct, through] = [await ask(url), await ask(gateway.url)];
    await gateway.close();
    expect(through).toEqual(['translate', direct[1]]);
    expect(direct[1]).toHaveLength(2);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

function choicesOf(text: string): unknown[] {
  const lines = text.split('\n').filter((line) => line.startsWith('data: {'));
  return lines.map((line) => (JSON.parse(line.slice(6)) as { choices: unknown[] }).choices);
}
