import { jest } from '@jest/globals';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import {
  DEFAULT_POLICY,
  type DomainEvent,
  type PolicyActivatedV1,
  type PolicyTrainedV1,
} from '@rightsize/optimizer-core';
import { startServer, type ChildServer } from '@rightsize/traffic';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { thinkers } from './made-up-traffic.js';
import { eventsOf, START_MS, writeLog } from './synthetic-log.js';

/** Processes start, and one of them trains a policy. */
jest.setTimeout(240_000);

const APPS = resolve(import.meta.dirname, '../apps');
const MODEL = 'llama3.2';

let folder: string;
let simulator: ChildServer;
let gateway: ChildServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-live-policy-'));
  simulator = await startServer(join(APPS, 'ollama-sim/dist/main.js'), ['--port', '0', '--time-scale', '0.001']);
});

afterEach(async () => {
  await gateway.stop();
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'log.sqlite');

const options = (): readonly string[] => ['--upstream', simulator.url, '--port', '0', '--db', file()];

/** Asks for something, and tells which policy the gateway says has decided. */
async function decidedBy(): Promise<string> {
  const body = JSON.stringify({ model: MODEL, prompt: 'Say hello', stream: false, options: { num_predict: 2 } });
  const answer = await fetch(`${gateway.url}/api/generate`, { method: 'POST', body });
  await answer.text();
  expect(answer.status).toBe(200);
  const id = answer.headers.get('x-rightsize-decision')!;
  const explained = await readUntil(async () => {
    const response = await fetch(`${gateway.url}/rightsize/v1/decisions/${id}/explanation`);
    return response.status === 200 ? ((await response.json()) as Explained) : null;
  });
  return explained.decision.policyId;
}

interface Explained {
  readonly decision: { readonly policyId: string };
}

/** What comes of asking again and again until there is something. */
async function readUntil<T>(ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
  }
}

/** Resolves with what decides once another policy does. */
function followed(before: string): Promise<string> {
  return readUntil(async () => {
    const by = await decidedBy();
    return by === before ? null : by;
  });
}

async function maintenance(...args: readonly string[]): Promise<number> {
  const main = join(APPS, 'maintenance/dist/main.js');
  const child = spawn(process.execPath, [main, ...args, '--db', file()], { stdio: 'ignore' });
  return ((await once(child, 'close')) as [number])[0];
}

async function recorded(type: DomainEvent['type']): Promise<readonly unknown[]> {
  const { store, close } = await openEventStorage({ file: file() });
  const events = await store.readAll({ after: 0, limit: 10, types: [type] });
  await close();
  return events.map(({ data }) => data);
}

it('a policy that another process activates decides in a running gateway, and so does what was before when it is rolled back', async () => {
  const golden = new URL('golden/policy.trained.v1.json', import.meta.url);
  const { type, data } = JSON.parse(readFileSync(golden, 'utf8')) as { type: string; data: PolicyTrainedV1 };
  await writeLog(file(), [{ type, data } as DomainEvent]);
  gateway = await startServer(join(APPS, 'gateway/dist/main.js'), options());
  expect(await decidedBy()).toBe(DEFAULT_POLICY.id);
  expect(await maintenance('activate', data.policyId, '--force')).toBe(0);
  expect(await followed(DEFAULT_POLICY.id)).toBe(data.policyId);
  expect(await maintenance('rollback')).toBe(0);
  expect(await followed(data.policyId)).toBe(DEFAULT_POLICY.id);
});

it('a gateway trains its policy at its time of day, and decides by what came of it', async () => {
  await writeLog(file(), eventsOf(thinkers(420)));
  const due = new Date(START_MS + 5 * 86_400_000);
  due.setHours(3, 30, 0, 0);
  // Long enough for a busy machine to start the process: later, it would be due the next day.
  const began = due.getTime() - 25_000;
  const at = ['--retrain-at', '03:30', '--log-level', 'error'];
  gateway = await startServer('--import', [clockFrom(began), join(APPS, 'gateway/dist/main.js'), ...options(), ...at]);
  expect(await decidedBy()).toBe(DEFAULT_POLICY.id);
  const by = await followed(DEFAULT_POLICY.id);
  const [trained] = (await recorded('policy.trained')) as [PolicyTrainedV1];
  const [activated] = (await recorded('policy.activated')) as [PolicyActivatedV1];
  expect(trained).toMatchObject({ policyId: by, comparison: { verdict: 'better' } });
  expect(activated).toMatchObject({ policyId: by, reason: 'retrained', forced: false });
  expect(activated.atMs).toBeGreaterThanOrEqual(due.getTime());
});

/** A module that sets the clock of the process, and of its threads, to an instant when it is imported. */
function clockFrom(beganMs: number): string {
  const program = `
    const Real = Date;
    const shift = ${beganMs} - (process.env.CLOCK_AT ??= Real.now());
    globalThis.Date = class extends Real {
      constructor(...given) { super(...(given.length === 0 ? [Real.now() + shift] : given)); }
      static now() { return Real.now() + shift; }
    };`;
  return `data:text/javascript,${encodeURIComponent(program)}`;
}
