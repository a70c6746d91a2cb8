import { jest } from '@jest/globals';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { ReadModels } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { startServer, type ChildServer } from '@rightsize/traffic';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomFrom } from './made-up-traffic.js';
import { eventsOf, writeLog, type Asked } from './synthetic-log.js';

/** Tens of thousands of events are written and folded, twice. */
jest.setTimeout(180_000);

const APPS = resolve(import.meta.dirname, '../apps');
/** More events than are waited for at start. */
const REQUESTS = 20_000;
const MODEL = 'm:latest';

let folder: string;
let simulator: ChildServer;
let gateway: ChildServer;

const file = (): string => join(folder, 'log.sqlite');

function traffic(): readonly Asked[] {
  const random = randomFrom(5);
  return Array.from({ length: REQUESTS }, (_, n) => ({
    at: n * 60,
    model: MODEL,
    template: `t-${n % 5}`,
    prompt: 300 + Math.floor(random() * 900),
    output: 50 + Math.floor(random() * 400),
    window: 8192,
  }));
}

/** A log whose read models are those of a program whose folds were others. */
async function prepare(): Promise<void> {
  const pulled: DomainEvent = { type: 'safeguard.pulled', data: { model: 'llama3.2:latest', atMs: 1 } };
  await writeLog(file(), [...eventsOf(traffic()), pulled]);
  const { store, readModels, close } = await openEventStorage({ file: file() });
  const head = await store.head();
  for (const { name, version } of new ReadModels().all) {
    readModels.commit(name, version - 1, 0, head, ({ put }) => put('a row', { of: 'another shape' }));
  }
  await close();
}

interface Standing {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly log: {
    readonly projections: readonly { readonly name: string; readonly lag: number; readonly state: string }[];
  };
}

async function standing(): Promise<Standing> {
  return (await (await fetch(`${gateway.url}/rightsize/v1/status`)).json()) as Standing;
}

const behind = ({ log }: Standing): readonly string[] =>
  log.projections.filter(({ state }) => state === 'catching-up').map(({ name }) => name);

async function ask(model: string): Promise<Headers> {
  const body = JSON.stringify({ model, prompt: 'Say hello', stream: false, options: { num_predict: 2 } });
  const answer = await fetch(`${gateway.url}/api/generate`, { method: 'POST', body });
  await answer.text();
  expect(answer.status).toBe(200);
  return answer.headers;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-catching-up-'));
  simulator = await startServer(join(APPS, 'ollama-sim/dist/main.js'), ['--port', '0', '--time-scale', '0.001']);
  await prepare();
  const args = ['--upstream', simulator.url, '--port', '0', '--db', file(), '--log-level', 'error'];
  gateway = await startServer(join(APPS, 'gateway/dist/main.js'), args);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a gateway whose folds are others than those of the one before', () => {
  it('serves while it folds the log anew, and says so', async () => {
    const first = await standing();
    expect(behind(first)).toEqual(expect.arrayContaining(['model-statistics', 'sizing-state', 'ledger']));
    // Few events concern these: they are there before anything is decided.
    expect(behind(first)).not.toEqual(expect.arrayContaining(['known-templates']));
    expect(behind(first)).not.toEqual(expect.arrayContaining(['policies']));
    expect(first.reasons.join()).toContain('folded anew');
    let served = 0;
    for (let now = first; behind(now).length > 0; now = await standing()) {
      expect((await ask('llama3.2:1b')).get('x-rightsize-num-ctx')).not.toBeNull();
      // Whatever was ordered by hand holds from the first request on.
      expect((await ask('llama3.2')).get('x-rightsize-safeguard')).toBe('tripped');
      if (behind(await standing()).length > 0) served += 2;
    }
    expect(served).toBeGreaterThan(2);
  });

  it('has rows that equal a rebuild when it is through, in which what was asked meanwhile is', async () => {
    expect((await ask('llama3.2')).get('x-rightsize-safeguard')).toBe('tripped');
    const model = await fetch(`${gateway.url}/rightsize/v1/models/${encodeURIComponent(MODEL)}`);
    expect(await model.json()).toMatchObject({ completions: REQUESTS });
    expect((await standing()).reasons.join()).not.toContain('folded anew');
    await gateway.stop();
    const verify = spawn(process.execPath, [join(APPS, 'maintenance/dist/main.js'), 'verify', '--db', file()], {
      stdio: 'ignore',
    });
    expect(await once(verify, 'close')).toEqual([0, null]);
  });
});
