import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { cases, type Case } from './overhead-cases.js';
import { load, type Slice } from './overhead-client.js';
import { bars, figures, row, SIDES, table, type Row, type Side } from './overhead-report.js';

/** Short turns, so that whatever else the machine does falls on all sides alike. */
const TURNS = 8;
const WARM_UP_SECONDS = 1;

interface Flags {
  readonly seconds: number;
  readonly json?: true;
}

async function run({ seconds, json }: Flags): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-overhead-'));
  const processes: ChildProcess[] = [];
  try {
    const urls = await start(processes, folder);
    const rows: Row[] = [];
    for (const each of cases()) rows.push(await measure(each, urls, seconds));
    if (json) console.log(JSON.stringify({ rows, bars: bars(rows) }));
    else console.log(`${table(rows)}\n(milliseconds)\n${bars(rows).join('\n')}`);
  } finally {
    await Promise.all(processes.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(processes: ChildProcess[], folder: string): Promise<Record<Side, string>> {
  const launch = async (script: string, ...args: string[]): Promise<string> => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return /http:\/\/[\d.:]+/.exec(line)![0];
  };
  const direct = await launch('overhead-upstream.js');
  const plain = await launch('overhead-plain.js', direct);
  const options = ['--upstream', direct, '--port', '0', '--db', join(folder, 'log.sqlite'), '--log-level', 'error'];
  return { direct, plain, gateway: await launch('../../gateway/dist/main.js', ...options) };
}

async function measure(each: Case, urls: Record<Side, string>, seconds: number): Promise<Row> {
  const slices: Record<Side, Slice[]> = { direct: [], plain: [], gateway: [] };
  for (const side of SIDES) await load(urls[side], each, WARM_UP_SECONDS);
  for (let turn = 0; turn < TURNS; turn++) {
    // The order changes, so that none always comes after the same other.
    for (let place = 0; place < SIDES.length; place++) {
      const side = SIDES[(place + turn) % SIDES.length]!;
      slices[side].push(await load(urls[side], each, seconds / TURNS));
    }
  }
  return row(each.name, each.clients, {
    direct: figures(slices.direct),
    plain: figures(slices.plain),
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
