import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { cases, type Case } from './overhead-cases.js';
import { load } from './overhead-client.js';
import { cpuSeconds } from './overhead-cpu.js';
import { bars, figures, row, SIDES, table, type Row, type Side, type Slice } from './overhead-report.js';

/** Short turns, so that whatever else the machine does falls on all sides alike. */
const TURNS = 8;
const WARM_UP_SECONDS = 1;

/**
 * Requests of each way in that each side serves before the first is measured: so many it takes until the compiler has
 * seen all of the deciding gateway's code often enough (its p50 falls to a third or less meanwhile).
 */
const WARM_UP_REQUESTS = 20_000;
const WARM_UP_CLIENTS = 8;

interface Flags {
  readonly seconds: number;
  readonly json?: true;
}

async function run({ seconds, json }: Flags): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-overhead-'));
  const processes: ChildProcess[] = [];
  try {
    const servers = await start(processes, folder);
    const all = cases();
    const ways = all.filter(({ name, clients }) => clients === 1 && name.startsWith('small body'));
    for (const side of SIDES) for (const way of ways) await warmUp(servers[side].url, way);
    const rows: Row[] = [];
    for (const each of all) rows.push(await measure(each, servers, seconds));
    if (json) console.log(JSON.stringify({ rows, bars: bars(rows) }));
    else
      console.log(
        `${table(rows)}\n(milliseconds; cpu: microseconds of processor a request, all threads)\n${bars(rows).join('\n')}`,
      );
  } finally {
    await Promise.all(processes.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Server {
  readonly url: string;
  readonly pid: number;
}

async function start(processes: ChildProcess[], folder: string): Promise<Record<Side, Server>> {
  const launch = async (script: string, ...args: string[]): Promise<Server> => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { url: /http:\/\/[\d.:]+/.exec(line)![0], pid: child.pid! };
  };
  const gateway = (log: string, ...args: string[]): Promise<Server> => {
    const options = ['--upstream', direct.url, '--port', '0', '--db', join(folder, log), '--log-level', 'error'];
    return launch('../../gateway/dist/main.js', ...options, ...args);
  };
  const direct = await launch('overhead-upstream.js');
  const plain = await launch('overhead-plain.js', direct.url);
  return { direct, plain, off: await gateway('off.sqlite', '--mode', 'off'), gateway: await gateway('log.sqlite') };
}

async function warmUp(url: string, each: Case): Promise<void> {
  for (let served = 0; served < WARM_UP_REQUESTS;) {
    served += (await load(url, { ...each, clients: WARM_UP_CLIENTS }, WARM_UP_SECONDS)).latencies.length;
  }
}

async function measure(each: Case, servers: Record<Side, Server>, seconds: number): Promise<Row> {
  const slices: Record<Side, Slice[]> = { direct: [], plain: [], off: [], gateway: [] };
  for (const side of SIDES) await load(servers[side].url, each, WARM_UP_SECONDS);
  for (let turn = 0; turn < TURNS; turn++) {
    // The order changes, so that none always comes after the same other.
    for (let place = 0; place < SIDES.length; place++) {
      const side = SIDES[(place + turn) % SIDES.length]!;
      const { url, pid } = servers[side];
      const before = cpuSeconds(pid);
      const slice = await load(url, each, seconds / TURNS);
      slices[side].push({ ...slice, cpuSeconds: cpuSeconds(pid) - before });
    }
  }
  return row(each.name, each.clients, {
    direct: figures(slices.direct),
    plain: figures(slices.plain),
    off: figures(slices.off),
    gateway: figures(slices.gateway),
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

await new Command('bench:overhead')
  .description('What the gateway adds to a request: direct, a plain pass-through, and the gateway deciding, in turns')
  .option('--seconds <number>', 'measured time for each side of each case', Number, 4)
  .option('--json', 'JSON instead of a table')
  .action(run)
  .parseAsync();
