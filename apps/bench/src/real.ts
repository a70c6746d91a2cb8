#!/usr/bin/env node
import { MIXES, progressOnStderr } from '@rightsize/traffic';
import { Command, InvalidArgumentError } from 'commander';
import { above } from './number-option.js';
import { compareMix, type RealOptions } from './real-compare.js';
import { bars, table, type MixRows } from './real-report.js';
import { withUpstream } from './real-servers.js';

interface Flags {
  readonly upstream?: string;
  readonly model: string;
  readonly mix: readonly string[];
  readonly runs: number;
  readonly size: number;
  readonly seed: number;
  readonly answerTokens: number;
  readonly pauses: number;
  readonly timeScale?: number;
  readonly serverLog?: string;
  readonly json: boolean;
}

const NAMES = MIXES.map(({ name }) => name);

async function act(flags: Flags): Promise<void> {
  const standIn = flags.upstream === undefined;
  const timeScale = flags.timeScale ?? (standIn ? 0.05 : 1);
  const chosen = MIXES.filter(({ name }) => flags.mix.length === 0 || flags.mix.includes(name));
  const progress = progressOnStderr();
  const rows: MixRows[] = [];
  try {
    await withUpstream(flags.upstream?.replace(/\/$/, '') ?? null, timeScale, async (upstream) => {
      const options: RealOptions = { ...flags, upstream, timeScale, serverLog: flags.serverLog ?? null };
      for (const mix of chosen) {
        rows.push(await compareMix(mix, options, (what, done, total) => progress(`${mix.name}: ${what}`, done, total)));
      }
    });
  } finally {
    progress.stop();
  }
  if (flags.json) console.log(JSON.stringify({ clock: timeScale === 1 ? 'real' : 'virtual', mixes: rows }));
  else console.log([...rows.map(table), ...rows.flatMap(bars)].join('\n'));
}

function mixName(text: string, before: readonly string[]): readonly string[] {
  if (!NAMES.includes(text)) throw new InvalidArgumentError(`is none of ${NAMES.join(', ')}.`);
  return [...before, text];
}

try {
  await new Command('bench:real')
    .description('Mixes of five clients, in turns: direct, one window known beforehand, Rightsize from cold and again')
    .option('--upstream <url>', 'a running Ollama that nobody else uses meanwhile; without it the stand-in is started')
    .option('--model <name>', 'the model to use', 'llama3.2')
    .option('--mix <name>', `one of ${NAMES.join(', ')} (repeatable); all when not given`, mixName, [])
    .option('--runs <number>', 'how often each side is run; the figures are medians', above(1), 1)
    .option('--size <factor>', '1: some fifty requests a mix', above(0.01), 1)
    .option('--seed <number>', 'another seed gives other texts', above(0), 1)
    .option('--answer-tokens <number>', 'no answer is longer than this', above(1), 24)
    .option('--pauses <factor>', 'share of the time that people and tools take between requests', above(0), 0)
    .option('--time-scale <factor>', "wall seconds for a second of the server's clock, for the stand-in", above(0.001))
    .option('--server-log <file>', "the server's log: loads are counted in it instead of in /api/ps")
    .option('--json', 'print the figures as JSON', false)
    .action(act)
    .parseAsync();
} catch (error) {
  console.error(`bench:real: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
