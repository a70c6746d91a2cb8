#!/usr/bin/env node
import { Command } from 'commander';
import { progressOnStderr } from '@rightsize/traffic';
import { demo, type DemoOptions } from './demo.js';
import { table } from './report.js';

interface Flags {
  readonly upstream?: string;
  readonly model: string;
  readonly seed: string;
  readonly timeScale: string;
  readonly db?: string;
  readonly quick: boolean;
  readonly json: boolean;
}

const program = new Command('rightsize-demo')
  .description('The same requests of five clients that disagree about the window, direct and through Rightsize.')
  .option('--upstream <url>', 'a running Ollama that nobody else uses meanwhile; without it the stand-in is started')
  .option('--model <name>', 'the model to use', 'llama3.2')
  .option('--seed <number>', 'another seed gives other texts', '1')
  .option('--time-scale <factor>', "stand-in only: wall seconds for a second of the stand-in's clock", '0.05')
  .option('--db <file>', "keep the gateway's event log in this file")
  .option('--quick', 'a third of the requests', false)
  .option('--json', 'print the figures as JSON', false)
  .action(async (flags: Flags) => {
    const options: DemoOptions = {
      upstream: flags.upstream?.replace(/\/$/, '') ?? null,
      model: flags.model,
      seed: Number(flags.seed),
      size: flags.quick ? 0.34 : 1,
      timeScale: Number(flags.timeScale),
      database: flags.db ?? null,
    };
    const progress = progressOnStderr();
    const result = await demo(options, progress).finally(() => progress.stop());
    if (flags.json) {
      console.log(JSON.stringify(result, null, 2));
      return;
    }
    console.log(table(result.tallies, result.clock));
    console.log(
      'cut: prompts the server shortened silently; shifted: answers that outgrew the window; loads: times the model was loaded',
    );
    console.log(
      result.slower.length === 0
        ? 'Nothing was slower through Rightsize.'
        : 'Where Rightsize was slower (its second run):',
    );
    for (const line of result.slower) console.log(`  ${line}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
