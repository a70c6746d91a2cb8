import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { verifyReadModels, type RecordedEvent } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels } from '@rightsize/optimizer';
import type { TemplateDetectedV1 } from '@rightsize/optimizer-core';
import { startServer, type ChildServer } from '@rightsize/traffic';

const APPS = resolve(import.meta.dirname, '..', 'apps');
const OPENING = Array.from({ length: 120 }, (_, i) => `clause ${i} of the rules says`).join(' ');

let folder: string;
let simulator: ChildServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-kill-'));
  simulator = await startServer(join(APPS, 'ollama-sim/dist/main.js'), [
    '--port',
    '0',
    '--profile',
    'gpu8',
    '--time-scale',
    '0.002',
  ]);
});

afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const database = () => join(folder, 'log.sqlite');

function startGateway(): Promise<ChildServer> {
  return startServer(join(APPS, 'gateway/dist/main.js'), [
    '--upstream',
    simulator.url,
    '--port',
    '0',
    '--db',
    database(),
  ]);
}

/** Resolves with the decision's id when the answer is complete; null when the gateway died first. */
async function ask(gateway: ChildServer, i: number): Promise<string | null> {
  try {
    const answer = await fetch(`${gateway.url}/api/generate`, {
      method: 'POST',
      body: JSON.stringify({ model: 'llama3.2', prompt: `${OPENING} for case ${i}`, options: { num_predict: 8 } }),
    });
    await answer.text();
    return answer.status === 200 ? answer.headers.get('x-rightsize-decision') : null;
  } catch {
    return null;
  }
}

async function kill(server: ChildServer): Promise<void> {
  const gone = new Promise((done) => server.process.once('exit', done));
  server.process.kill('SIGKILL');
  await gone;
}

async function examine(): Promise<{ events: readonly RecordedEvent[]; differences: number; integrity: unknown }> {
  const { store, readModels, dataSource, close } = await openEventStorage({ file: database() });
  const events = await store.readAll({ after: 0, limit: 100_000 });
  const differences = await verifyReadModels(store, readModels, new ReadModels().all, { upcasters: EVENT_UPCASTERS });
  const [row] = (await dataSource.query('PRAGMA integrity_check')) as { integrity_check: unknown }[];
  await close();
  return { events, differences: differences.length, integrity: row?.integrity_check };
}

it('a gateway killed in the middle of its work leaves a log that is whole, and goes on from it', async () => {
  const completed: string[] = [];
  for (const killAfter of [5, 17, 31]) {
    const gateway = await startGateway();
    let answers = 0;
    const enough = new Promise<void>((reached) => {
      for (let client = 0; client < 4; client += 1) {
        void (async () => {
          for (let i = 0; ; i += 1) {
            const id = await ask(gateway, client * 1000 + i);
            if (id === null) return;
            completed.push(id);
            answers += 1;
            if (answers === killAfter) reached();
          }
        })();
      }
    });
    await enough;
    await kill(gateway);
    const { events, differences, integrity } = await examine();
    expect(integrity).toBe('ok');
    expect(differences).toBe(0);
    expect(events.map((event) => event.position)).toEqual(events.map((_, i) => i + 1));
  }

  const last = await startGateway();
  const id = await ask(last, 99_999);
  await last.stop();
  const { events, differences } = await examine();
  expect(differences).toBe(0);
  // Stopped in order: nothing of its last request may be missing.
  expect(events.filter((event) => event.stream === `request-${id}`).map((event) => event.type)).toEqual([
    'request.optimized',
    'request.completed',
  ]);
  // What was learnt before the kills is there after them: the opening is one template under one id.
  const templates = events
    .filter((event) => event.type === 'template.detected')
    .map(({ data }) => (data as TemplateDetectedV1).templateId);
  expect(new Set(templates).size).toBe(1);
  // Completions of the last milliseconds before a kill may be missing (docs/decisions/durability.md), not those of the seconds before.
  const streams = new Set(events.map((event) => event.stream));
  const missing = completed.filter((decision) => !streams.has(`request-${decision}`));
  expect(missing.length).toBeLessThan(completed.length / 2);
}, 120_000);
