import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { compareQuality, type Compared } from '../src/quality-compare.js';
import { qualityPrompts } from '../src/quality-prompts.js';

const MAIN = resolve(import.meta.dirname, '../dist/quality.js');

it('on the stand-in the gateway answers as direct, and as an ample window where direct is cut', async () => {
  const args = [MAIN, '--json', '--count', '24', '--beyond', '0.2', '--answer-tokens', '4'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  const compared = JSON.parse(stdout) as Compared[];
  expect(compared).toHaveLength(24);
  expect(compared.filter(({ isCut }) => isCut).length).toBeGreaterThan(0);
  for (const { isCut, verdict } of compared) expect(verdict).toBe(isCut ? 'equal to ample' : 'equal');
}, 120_000);

describe('what is compared', () => {
  let servers: Server[];
  afterEach(() => servers.forEach((server) => server.close()));

  /** What a server says, by the window that it is asked for and how often it was asked, and how it counts the prompt. */
  type Answer = (window: number | null, times: number) => [text: string, tokens: number];

  async function saying(answer: Answer) {
    let times = 0;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const { options } = JSON.parse(body) as { options?: { num_ctx?: number } };
        const [text, tokens] = answer(options?.num_ctx ?? null, (times += 1));
        const said = { message: { content: text }, prompt_eval_count: tokens };
        response.end(`${JSON.stringify({ ...said, choices: [said], usage: { prompt_tokens: tokens } })}\n`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const prompts = qualityPrompts(60, 1, 0)
    .filter(({ path }) => path === '/api/chat')
    .slice(0, 1);

  it.each<[string, Answer, Answer]>([
    ['equal', () => ['a', 9], () => ['a', 9]],
    ['equal to ample', (window) => (window ? ['b', 9] : ['a', 5]), () => ['b', 9]],
    ['window changes the answer', (window) => (window ? ['b', 9] : ['a', 9]), () => ['b', 9]],
    ['different', () => ['a', 9], () => ['b', 9]],
    ['server differs from itself', (_window, times) => [`a${times}`, 9], () => ['b', 9]],
  ])('is told apart: %s', async (verdict, direct, gateway) => {
    servers = [];
    const sides = { direct: await saying(direct), gateway: await saying(gateway), ample: 16_384 };
    const sampling = { model: 'm', limit: 4, seed: 1 };
    const compared = await compareQuality(prompts, sides, sampling, () => undefined);
    expect(compared.map((each) => each.verdict)).toEqual([verdict]);
  });
});
