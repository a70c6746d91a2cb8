import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { rebuildBeside, type Projection } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { EVENT_UPCASTERS, ReadModels, RightsizeModule, RightsizeService } from '@rightsize/optimizer';
import { Command } from 'commander';
import { randomFrom, requestEvents } from './store-traffic.js';

interface Options {
  readonly events: number;
  readonly seconds: number;
  readonly dir: string;
  readonly json: boolean;
}

interface Rebuilt {
  readonly readModel: string;
  readonly seconds: number;
  readonly eventsPerSecond: number;
}

interface Decisions {
  readonly while: string;
  readonly decisions: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const MAINTENANCE = fileURLToPath(new URL('../../maintenance/dist/main.js', import.meta.url));
const FILL = 200;
const MODEL = 'llama3.2:3b';

/** The cheapest fold that is one: counts events by type. What it takes is what reading, parsing and committing take. */
function countingProjection(): Projection {
  const counts = new Map<string, number>();
  return {
    name: 'counts',
    version: 1,
    types: ['request.optimized', 'request.completed'],
    load: (rows) => {
      counts.clear();
      for (const [type, row] of rows) counts.set(type, row as number);
    },
    apply: ({ type }) => void counts.set(type, (counts.get(type) ?? 0) + 1),
    flush: ({ put }) => counts.forEach((count, type) => put(type, count)),
  };
}

async function fill(file: string, events: number): Promise<void> {
  const { store, close } = await openEventStorage({ file });
  const random = randomFrom(7);
  for (let i = 0; i < events / 2; i += FILL) {
    const requests = Array.from({ length: Math.min(FILL, events / 2 - i) }, (_, j) =>
      requestEvents(random, i + j, 1.76e12 + (i + j) * 2_000),
    );
    await Promise.all(requests.map((request) => store.append(`request-${request[0].id}`, request)));
  }
  await close();
}

async function rebuildAll(file: string, events: number): Promise<readonly Rebuilt[]> {
  const { store, readModels, close } = await openEventStorage({ file, busyTimeoutMs: 10_000 });
  const rebuilt: Rebuilt[] = [];
  for (const projection of [countingProjection(), ...new ReadModels().all]) {
    const began = performance.now();
    await rebuildBeside(store, readModels, projection, { upcasters: EVENT_UPCASTERS });
    const seconds = (performance.now() - began) / 1e3;
    rebuilt.push({ readModel: projection.name, seconds, eventsPerSecond: Math.round(events / seconds) });
  }
  readModels.drop('counts', 1);
  await close();
  return rebuilt;
}

/** As much of an Ollama server as a decision asks for. */
async function startUpstream(): Promise<{ readonly server: Server; readonly url: string }> {
  const answers: Readonly<Record<string, object>> = {
    '/api/ps': { models: [] },
    '/api/version': { version: '0.34.4' },
    '/api/show': { model_info: { 'general.architecture': 'llama', 'llama.context_length': 131_072 }, capabilities: [] },
  };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[request.url!] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a decorated class
class BenchModule {}

function benchModule(upstream: string, database: string): DynamicModule {
  return {
    module: BenchModule,
    imports: [RightsizeModule.forRootAsync({ useFactory: () => ({ upstream, database }) })],
  };
}

/** Decides some two hundred requests a second until `until` is through, and ends each as a client would. */
async function decide(service: RightsizeService, what: string, until: Promise<unknown>): Promise<Decisions> {
  const ending = new AbortController();
  void until.then(() => ending.abort());
  const times: number[] = [];
  while (!ending.signal.aborted) {
    const body = Buffer.from(
      JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: `Say ${times.length}` }] }),
    );
    const began = performance.now();
    const { observer } = await service.optimize({ route: 'chat', body, client: 'bench', skip: false });
    times.push(performance.now() - began);
    observer.head(200, 'application/x-ndjson');
    observer.chunk(
      Buffer.from('{"done":true,"done_reason":"stop","prompt_eval_count":31,"eval_count":9,"total_duration":9e8}\n'),
    );
    observer.end('complete');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (q: number): number => Number((sorted[Math.floor(q * (sorted.length - 1))] ?? NaN).toFixed(3));
  return { while: what, decisions: times.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function decideBeside(file: string, seconds: number): Promise<readonly Decisions[]> {
  const upstream = await startUpstream();
  const app = await NestFactory.createApplicationContext(benchModule(upstream.url, file), { logger: false });
  const service = app.get(RightsizeService);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await decide(service, 'warming up', wait(3_000));
  const alone = await decide(service, 'nothing else runs', wait(seconds * 1e3));
  const child = spawn(process.execPath, [MAINTENANCE, 'rebuild', '--db', file], { stdio: 'ignore' });
  const beside = await decide(service, 'the read models are rebuilt', once(child, 'close'));
  await app.close();
  upstream.server.close();
  return [alone, beside];
}

const program = new Command('bench:rebuild')
  .description('Rebuilds of read models, and what decisions take meanwhile')
  .option('--events <n>', 'events of requests in the log, two each', Number, 200_000)
  .option('--seconds <n>', 'for which decisions are timed while nothing else runs', Number, 10)
  .option('--dir <folder>', 'folder for the file', tmpdir())
  .option('--json', 'JSON instead of tables', false)
  .parse();
const options = program.opts<Options>();
const folder = mkdtempSync(join(options.dir, 'bench-rebuild-'));
try {
  const file = join(folder, 'log.sqlite');
  await fill(file, options.events);
  const rebuilt = await rebuildAll(file, options.events);
  const decisions = await decideBeside(file, options.seconds);
  if (options.json) console.log(JSON.stringify({ ...options, rebuilt, decisions }, null, 2));
  else {
    console.table(rebuilt);
    console.table(decisions);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
