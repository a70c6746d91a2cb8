import { writeFileSync } from 'node:fs';

import { DEFAULT_POLICY, type PolicyParameters } from '@rightsize/optimizer-core';
import { Command } from 'commander';

import { replay, type Replayed } from './sizing-replay.js';
import { readWorkload } from './sizing-workload.js';

interface Options {
  readonly workload: string;
  readonly out: string;
  readonly set?: readonly string[];
  readonly json?: true;
}

function run(options: Options): void {
  const workload = readWorkload(options.workload);
  const started = process.hrtime.bigint();
  const replayed = replay(workload, withOverrides(options.set ?? []));
  const us = Number(process.hrtime.bigint() - started) / 1e3 / Math.max(1, workload.requests.length);
  // One attempt a request: a refusal is not yet answered with a second, exact one.
  const lines = replayed.decisions.map(
    ({ id, decision }) => `${JSON.stringify({ id, attempts: [decision.numCtx] })}\n`,
  );
  writeFileSync(options.out, lines.join(''));
  print(summarise(replayed, us), options.json === true);
}

/** `headroom=1.25` and the like, to see what a parameter is worth. */
function withOverrides(settings: readonly string[]): PolicyParameters {
  return settings.reduce<PolicyParameters>((policy, setting) => {
    const [key = '', text = ''] = setting.split('=', 2);
    const value = Number(text);
    if (!(key in policy) || key === 'id' || text === '' || Number.isNaN(value)) {
      throw new Error(`--set ${setting}: not a number of the policy (${Object.keys(DEFAULT_POLICY).join(', ')})`);
    }
    return { ...policy, id: `${policy.id},${setting}`, [key]: value };
  }, DEFAULT_POLICY);
}

function summarise(replayed: Replayed, us: number): Record<string, number> {
  const rules = ['stay', 'grow', 'open', 'leave'];
  const windows = replayed.decisions.flatMap(({ decision }) => (decision.numCtx === null ? [] : [decision.numCtx]));
  return {
    requests: replayed.decisions.length,
    ...Object.fromEntries(
      rules.map((rule) => [rule, replayed.decisions.filter(({ decision }) => decision.rule === rule).length]),
    ),
    cut: replayed.cut,
    shifted: replayed.shifted,
    'mean window': Math.round(windows.reduce((sum, window) => sum + window, 0) / Math.max(1, windows.length)),
    'largest window': Math.max(0, ...windows),
    'us a request': Math.round(us),
  };
}

function print(summary: Record<string, number>, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(summary));
    return;
  }
  for (const [name, value] of Object.entries(summary)) console.log(`${name.padEnd(16)}${String(value).padStart(10)}`);
}

const program = new Command('bench:sizing')
  .description('Runs the sizing policy over a workload in order; each decision sees only what a proxy could see')
  .requiredOption('--workload <file>', 'a workload, gzipped or plain')
  .requiredOption('--out <file>', 'where to write one decision a request')
  .option('--set <name=number...>', 'policy parameters other than the default ones')
  .option('--json', 'print the summary as JSON')
  .action((options: Options) => run(options));

try {
  program.parse();
} catch (error) {
  program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
}
