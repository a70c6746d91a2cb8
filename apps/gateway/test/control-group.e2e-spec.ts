import { join } from 'node:path';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { RequestOptimizedV1 } from '@rightsize/optimizer-core';
import { chat, json, SettingsBench } from './settings-fixture.js';

/** Half of them are in the group, of which thirty answers count; answers are folded some time after they were given. */
const MOST_REQUESTS = 400;

let bench: SettingsBench;
/** Bodies of chats as the server saw them. */
let bodies: string[];
beforeEach(() => {
  bench = new SettingsBench();
  bodies = [];
  bench.intercept = (path, _response, body) => {
    if (path === '/api/chat') bodies.push(body.toString());
    return false;
  };
});
afterEach(() => bench.closeAll());

const sideOf = async (url: string, content: string): Promise<unknown> =>
  (await chat(url, { content })).message.headers['x-rightsize-safeguard'];

type Told = Pick<RequestOptimizedV1, 'imposed' | 'group' | 'mode'>;

async function optimizedInLog(): Promise<readonly Told[]> {
  const { store, close } = await openEventStorage({ file: join(bench.folder, 'log.sqlite') });
  const events = await store.readAll({ after: 0, limit: 100, types: ['request.optimized'] });
  await close();
  return events.map(({ data }) => data as Told);
}

describe('the control group', () => {
  it('goes as it came, byte for byte, and its events say so', async () => {
    const { url, close } = await bench.start('control-percent: 100');
    expect(await sideOf(url, 'Hello')).toBe('control');
    expect(JSON.parse(bodies[0]!)).not.toHaveProperty('options');
    await close();
    expect(await optimizedInLog()).toMatchObject([{ group: 'control', imposed: false, mode: 'shadow' }]);
  });

  it('is empty unless it is asked for', async () => {
    const { url } = await bench.start('');
    expect(await sideOf(url, 'Hello')).toBeUndefined();
    expect(JSON.parse(bodies[0]!)).toHaveProperty('options.num_ctx');
  });

  it('is made of whole conversations, the same ones after a restart', async () => {
    const names = Array.from({ length: 16 }, (_, at) => `conversation ${at}`);
    const sides = async (url: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const name of names) found.push(await sideOf(url, name));
      return found;
    };
    const first = await bench.start('control-percent: 50');
    const before = await sides(first.url);
    expect(new Set(before)).toEqual(new Set(['control', undefined]));
    expect(await sides(first.url)).toEqual(before);
    await first.close();
    expect(await sides((await bench.start('control-percent: 50')).url)).toEqual(before);
  });

  it('is what harm is compared with: a server that fails at windows is found out within the first hour', async () => {
    bench.intercept = (path, response, body) => {
      if (path !== '/api/chat' || !body.includes('num_ctx')) return false;
      response.writeHead(500).end('{"error":"something broke"}');
      return true;
    };
    const { url } = await bench.start('control-percent: 50');
    let asked = 0;
    while ((await sideOf(url, `conversation ${asked}`)) !== 'tripped' && asked < MOST_REQUESTS) asked++;
    expect(await json(`${url}/rightsize/health`)).toMatchObject({
      reasons: expect.arrayContaining([expect.stringMatching(/failures in .* in requests that went as they came/)]),
    });
  });
});
