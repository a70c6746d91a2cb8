import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { DEFAULT_POLICY, type PolicyParameters } from '@rightsize/optimizer-core';
import { Command } from 'commander';

import { bestPair, oneWindow } from './sizing-bounds.js';
import { clairvoyantSeconds } from './sizing-clairvoyant.js';
import { makeWorkload, SHAPES } from './sizing-made.js';
import { COMPONENTS, totalSeconds } from './sizing-machine.js';
import { resample } from './sizing-resample.js';
import { replay, type Replayed, type ReplayOptions } from './sizing-replay.js';
import { readWorkload, type Hardware, type Workload } from './sizing-workload.js';

interface Options {
  readonly workload?: string;
  readonly all?: string;
  readonly resampled?: string;
  readonly made?: string;
  readonly out?: string;
  readonly set?: readonly string[];
  readonly hardware?: readonly string[];
  readonly oracleHardware?: true;
  readonly timing?: true;
  readonly bounds?: true;
  readonly json?: true;
}

type Row = Readonly<Record<string, number | string>>;

function run(options: Options): void {
  const policy = withOverrides(options.set ?? []);
  const rows = namedWorkloads(options).map(({ name, read }) => {
    const workload = scaled(read(), options.hardware ?? []);
    if (options.bounds) return boundsOf(name, workload, policy);
    const replayed = replay(workload, policy, { oracleHardware: options.oracleHardware === true });
    if (options.out !== undefined) writeDecisions(options, name, replayed);
    if (options.timing) return timesOf(name, replayed);
    return summarise(name, workload, replayed);
  });
  print(rows, options.json === true);
}

interface Named {
  readonly name: string;
  readonly read: () => Workload;
}

/** Those of files, each resampled so many times; else the made ones. */
function namedWorkloads(options: Options): readonly Named[] {
  if (options.made !== undefined) {
    const shapes = seeds(options.made).flatMap((seed) => Object.keys(SHAPES).map((shape) => ({ shape, seed })));
    return shapes.map(({ shape, seed }) => ({ name: `${shape}.${seed}`, read: () => makeWorkload(shape, seed) }));
  }
  return filesOf(options).flatMap((file) => {
    const name = basename(file).replace(/\.jsonl(\.gz)?$/, '');
    if (options.resampled === undefined) return [{ name, read: () => readWorkload(file) }];
    return seeds(options.resampled).map((seed) => ({
      name: `${name}~${seed}`,
      read: () => resample(readWorkload(file), seed),
    }));
  });
}

function seeds(count: string): readonly number[] {
  return Array.from({ length: Number(count) }, (_, seed) => seed);
}

function filesOf({ workload, all }: Options): readonly string[] {
  if (workload !== undefined) return [workload];
  if (all === undefined) throw new Error('one of --workload, --all and --made is needed');
  const files = readdirSync(all).filter((name) => /\.jsonl(\.gz)?$/.test(name));
  return files.toSorted().map((name) => join(all, name));
}

/** One file for one workload, a folder for all. */
function writeDecisions({ workload, out }: Options, name: string, { decisions }: Replayed): void {
  const target = workload === undefined ? join(out!, `${name}.jsonl`) : out!;
  const lines = decisions.map(
    ({ id, attempts }) => `${JSON.stringify({ id, attempts: attempts.map(({ numCtx }) => numCtx) })}\n`,
  );
  writeFileSync(target, lines.join(''));
}

/** `shiftPrice=60` and the like, to see what a parameter is worth. */
function withOverrides(settings: readonly string[]): PolicyParameters {
  return settings.reduce<PolicyParameters>((policy, setting) => {
    const [key, value] = assignment('--set', setting);
    if (!(key in policy) || key === 'id') {
      throw new Error(`--set ${setting}: not a number of the policy (${Object.keys(DEFAULT_POLICY).join(', ')})`);
    }
    return { ...policy, id: `${policy.id},${setting}`, [key]: value };
  }, DEFAULT_POLICY);
}

/** `load_s=2`: a machine whose loads take twice as long, for the clairvoyant too. */
function scaled(workload: Workload, settings: readonly string[]): Workload {
  const hardware = settings.reduce<Hardware>((machine, setting) => {
    const [key, factor] = assignment('--hardware', setting);
    if (!(key in machine)) {
      throw new Error(`--hardware ${setting}: not a constant of a machine (${Object.keys(machine).join(', ')})`);
    }
    return { ...machine, [key]: machine[key as keyof Hardware] * factor };
  }, workload.hardware);
  return { ...workload, hardware };
}

function assignment(option: string, setting: string): readonly [string, number] {
  const [key = '', text = ''] = setting.split('=', 2);
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new Error(`${option} ${setting}: not a number`);
  return [key, value];
}

/** How long decisions took, and how long plans beside them. The first of a process are slow: nothing is compiled yet. */
function timesOf(name: string, { decideUs, solveUs }: Replayed): Row {
  const decided = quantiles(decideUs);
  const solved = quantiles(solveUs);
  return {
    workload: name,
    decisions: decideUs.length,
    ...{ 'us p50': decided(0.5), 'us p90': decided(0.9), 'us p99': decided(0.99), 'us p99.9': decided(0.999) },
    ...{ 'us max': decided(1), 'plan p50': solved(0.5), 'plan p99': solved(0.99), 'plan max': solved(1) },
  };
}

/** What others would pay who know more: of the day as a whole, but not of each session. Over the clairvoyant's. */
function boundsOf(name: string, workload: Workload, policy: PolicyParameters): Row {
  const best = clairvoyantSeconds(workload);
  const over = (seconds: number): number => Math.round((seconds / best) * 1000) / 1000;
  const pair = bestPair(workload);
  const replayed = (options: ReplayOptions): number => over(totalSeconds(replay(workload, policy, options).tally));
  return {
    workload: name,
    ratio: replayed({}),
    'one window': over(oneWindow(workload).seconds),
    'best pair': over(pair.seconds),
    opens: pair.opens,
    grows: pair.grows,
    'machine told': replayed({ oracleHardware: true }),
    'day taught': replayed({ taught: true }),
    both: replayed({ oracleHardware: true, taught: true }),
  };
}

function quantiles(us: readonly number[]): (share: number) => number {
  const sorted = us.toSorted((a, b) => a - b);
  return (share) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
}

function summarise(name: string, workload: Workload, { tally, decideUs }: Replayed): Row {
  const at = quantiles(decideUs);
  const best = clairvoyantSeconds(workload);
  const rounded = COMPONENTS.map((component) => [`${component} s`, Math.round(tally.seconds[component] * 10) / 10]);
  return {
    workload: name,
    ratio: Math.round((totalSeconds(tally) / best) * 1000) / 1000,
    'best s': Math.round(best * 10) / 10,
    ...Object.fromEntries(rounded),
    reloads: tally.reloads,
    refused: tally.refused,
    cut: tally.cut,
    shifted: tally.shifted,
    'us p50': at(0.5),
    'us p99': at(0.99),
  };
}

function print(rows: readonly Row[], json: boolean): void {
  const isRatios = rows[0]?.['ratio'] !== undefined;
  const ratios = rows.map((row) => Math.log(Number(row['ratio'])));
  const mean = Math.round(Math.exp(ratios.reduce((sum, value) => sum + value, 0) / rows.length) * 1000) / 1000;
  if (json) {
    console.log(JSON.stringify(isRatios ? { mean, rows } : { rows }));
    return;
  }
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(12) : String(cell).padStart(9))).join('');
  console.log(line(columns));
  for (const row of rows) console.log(line(columns.map((column) => row[column])));
  if (isRatios) console.log(`geometric mean of the ratios: ${mean}`);
}

const program = new Command('bench:sizing')
  .description('Runs the sizing policy over workloads in order; each decision sees only what a proxy could see')
  .option('--workload <file>', 'a workload, gzipped or plain')
  .option('--all <folder>', 'all workloads of a folder')
  .option(
    '--resampled <count>',
    'in their place so many other days of each: sessions change places, the machine varies',
  )
  .option('--made <count>', 'so many workloads of each made shape: '.concat(Object.keys(SHAPES).join(', ')))
  .option('--out <path>', 'where to write one decision a request: a file, without --workload a folder')
  .option('--set <name=number...>', 'policy parameters other than the default ones')
  .option('--hardware <name=factor...>', 'a machine other than the one of the file')
  .option('--oracle-hardware', "the machine's constants are told beforehand instead of learnt")
  .option('--timing', 'how long decisions took in place of what they cost')
  .option('--bounds', 'what one window or a pair chosen in hindsight would cost, and the policy told more beforehand')
  .option('--json', 'print the table as JSON')
  .action((options: Options) => run(options));

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
