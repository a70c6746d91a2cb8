#!/usr/bin/env node
import { progressOnStderr } from '@rightsize/traffic';
import Table from 'cli-table3';
import { Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { above } from './number-option.js';
import { compareQuality, type Compared, type Verdict } from './quality-compare.js';
import { qualityPrompts, type Size } from './quality-prompts.js';
import { withGateway, withUpstream } from './real-servers.js';

interface Flags {
  readonly upstream?: string;
  readonly model: string;
  readonly count: number;
  readonly seed: number;
  readonly answerTokens: number;
  readonly beyond: number;
  readonly ample: number;
  readonly json: boolean;
}

const VERDICTS: readonly Verdict[] = [
  'equal',
  'equal to ample',
  'window changes the answer',
  'server differs from itself',
  'different',
];
const SIZES: readonly Size[] = ['short', 'middling', 'beyond'];

function shown(compared: readonly Compared[]): string {
  const table = new Table({ head: ['prompts', 'of', 'direct cut', ...VERDICTS] });
  for (const size of SIZES) {
    const of = compared.filter(({ prompt }) => prompt.size === size);
    const counts = VERDICTS.map((verdict) => of.filter((each) => each.verdict === verdict).length);
    table.push([size, of.length, of.filter(({ isCut }) => isCut).length, ...counts]);
  }
  const differing = compared.filter(({ verdict }) => !verdict.startsWith('equal'));
  return [table.toString(), ...differing.map(difference)].join('\n');
}

function difference({ prompt, verdict, ...heard }: Compared): string {
  const { number, path, stream, size } = prompt;
  const said = (['direct', 'gateway', 'ample', 'again'] as const).flatMap((side) => {
    const one = heard[side];
    return one ? [`  ${side.padEnd(8)}${one.promptTokens} tokens ${JSON.stringify(one.refusal ?? one.text)}`] : [];
  });
  return `\n${number}: ${verdict} (${size}, ${path}${stream ? ', streamed' : ''})\n${said.join('\n')}`;
}

async function act(flags: Flags): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-quality-'));
  const progress = progressOnStderr();
  const prompts = qualityPrompts(flags.count, flags.seed, flags.beyond);
  const sampling = { model: flags.model, limit: flags.answerTokens, seed: 7 };
  try {
    const compared = await withUpstream(flags.upstream?.replace(/\/$/, '') ?? null, 0, (direct) =>
      withGateway(direct, join(folder, 'rightsize.sqlite'), (gateway) =>
        compareQuality(prompts, { direct, gateway, ample: flags.ample }, sampling, progress),
      ),
    );
    progress.stop();
    console.log(flags.json ? JSON.stringify(compared) : shown(compared));
    if (compared.some(({ verdict }) => verdict === 'different')) process.exitCode = 1;
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await new Command('bench:quality')
    .description('At temperature 0 the gateway answers as the server does, and as with an ample window where it cuts')
    .option('--upstream <url>', 'a running Ollama that nobody else uses meanwhile; without it the stand-in is started')
    .option('--model <name>', 'the model to use', 'llama3.2')
    .option('--count <number>', 'prompts', above(1), 200)
    .option('--seed <number>', 'another seed gives other prompts', above(0), 1)
    .option('--answer-tokens <number>', 'no answer is longer than this', above(1), 16)
    .option('--beyond <share>', 'prompts that are longer than 4096 tokens', above(0), 0.05)
    .option('--ample <tokens>', 'a window that holds everything', above(1), 16_384)
    .option('--json', 'print all that was compared', false)
    .action(act)
    .parseAsync();
} catch (error) {
  console.error(`bench:quality: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
