import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { SafeguardRegister } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { chat, json, SettingsBench } from './settings-fixture.js';

const GOLDEN = join(import.meta.dirname, '../../../test/golden');
const TWO_HOURS_MS = 7_200_000;
/** A decision takes note of answers once they are folded: more than the dozen that it would take without that. */
const MOST_REQUESTS = 400;

let bench: SettingsBench;
beforeEach(async () => {
  bench = new SettingsBench();
  await bench.recordBefore(...quietFirstHour());
});
afterEach(() => bench.closeAll());

function golden<Type extends DomainEvent['type']>(type: Type): Extract<DomainEvent, { type: Type }> {
  return JSON.parse(readFileSync(join(GOLDEN, `${type}.v1.json`), 'utf8')) as Extract<DomainEvent, { type: Type }>;
}

function quietFirstHour(): readonly DomainEvent[] {
  return Array.from({ length: 60 }, (_, at): readonly DomainEvent[] => {
    const told = { requestId: `r${at}`, model: 'm:latest', atMs: Date.now() - TWO_HOURS_MS + at };
    return [
      { type: 'request.optimized', data: { ...golden('request.optimized').data, ...told } },
      { type: 'request.completed', data: { ...golden('request.completed').data, ...told } },
    ];
  }).flat();
}

/** The server fails at every request that has a window imposed. */
function failImposed(): void {
  bench.intercept = (path, response, body) => {
    if (path !== '/api/chat' || !body.includes('num_ctx')) return false;
    response.writeHead(500).end('{"error":"something broke"}');
    return true;
  };
}

const safeguardOf = async (url: string) => (await chat(url)).message.headers['x-rightsize-safeguard'];

async function chatUntil(url: string, wanted: string | undefined): Promise<number> {
  for (let asked = 1; asked <= MOST_REQUESTS; asked++) if ((await safeguardOf(url)) === wanted) return asked;
  throw new Error(`x-rightsize-safeguard was not ${wanted} in ${MOST_REQUESTS} requests`);
}

const reasons = async (url: string) => ((await json(`${url}/rightsize/health`)) as { reasons: string[] }).reasons;

describe('a server that fails since windows are imposed on it', () => {
  it('gets requests as they come, says so, and gets windows again once that is lifted by hand', async () => {
    failImposed();
    const first = await bench.start('');
    expect(await chat(first.url)).toMatchObject({ status: 500 });
    expect(await chatUntil(first.url, 'tripped')).toBeGreaterThan(3);

    const passed = await chat(first.url);
    expect(passed).toMatchObject({ status: 200 });
    expect(passed.message.headers).toMatchObject({ 'x-rightsize-mode': 'shadow', 'x-rightsize-imposed': 'no' });
    expect(await reasons(first.url)).toContainEqual(
      expect.stringMatching(
        /m:latest passes through since .*: failures in \d+ of the last \d+ requests, against 0 of 60.*: npx @rightsize\/maintenance safeguards --lift m:latest$/,
      ),
    );

    await first.close();
    const { url } = await bench.start('');
    expect(await safeguardOf(url)).toBe('tripped');

    bench.intercept = () => false;
    const beside = await openEventStorage({ file: join(bench.folder, 'log.sqlite') });
    const register = await SafeguardRegister.open(beside.store, beside.readModels);
    expect(register.tripped).toMatchObject([{ model: 'm:latest', harm: 'failures', against: 'baseline' }]);
    expect(await register.lift('m:latest', Date.now())).toMatchObject({ reason: 'by-hand' });
    await beside.close();
    await chatUntil(url, undefined);
    expect((await chat(url)).message.headers).not.toHaveProperty('x-rightsize-imposed');
    expect(await reasons(url)).toEqual([]);
  });

  it('gets windows again after the cool-down, and loses them again when it fails again', async () => {
    failImposed();
    const { url } = await bench.start('safeguard-cooldown-seconds: 0.3\n');
    await chatUntil(url, 'tripped');
    await chatUntil(url, undefined);
    await chatUntil(url, 'tripped');
  });

  it('goes on failing with safeguards off', async () => {
    failImposed();
    const { url } = await bench.start('safeguards: off\n');
    for (let asked = 0; asked < 60; asked++) expect(await chat(url)).toMatchObject({ status: 500 });
    expect(await reasons(url)).toEqual([]);
  });
});
