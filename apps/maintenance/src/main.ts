#!/usr/bin/env node
import { Command } from 'commander';
import { explain } from './explain.js';
import type { Finding } from './finding.js';
import { templates } from './templates.js';
import { verify } from './verify.js';

interface Flags {
  readonly db: string;
  readonly json: boolean;
}

/** Exit codes: 0 all is well, 1 something was found to be wrong, 2 the command could not be carried out. */
const program = new Command('rightsize-maintenance')
  .description('Looks after the event log of a Rightsize gateway. Safe beside a running one.')
  .addHelpText(
    'after',
    '\nExit codes: 0 all is well, 1 something is wrong, 2 the command could not be carried out.\n\n' +
      'Examples:\n  npm run maintenance -- verify --db rightsize.sqlite\n' +
      '  npm run maintenance -- explain 01a20738-58f7-70a9-8272-be1d9a9a3044\n',
  );

command('verify', 'fold the whole log anew and compare with the stored read models', (flags: Flags) =>
  verify(flags.db),
);
command(
  'explain <decision>',
  'why a request got its window; the id is in the header x-rightsize-decision',
  (id: string, flags: Flags) => explain(flags.db, id),
);
command('templates', 'list the templates by use, with their sizes and windows', (flags: Flags) => templates(flags.db));

function command(name: string, description: string, action: (...args: never[]) => Promise<Finding>): void {
  program
    .command(name)
    .description(description)
    .option('--db <file>', 'the database file', process.env['RIGHTSIZE_DB'] ?? 'rightsize.sqlite')
    .option('--json', 'print the result as JSON', false)
    .action(async (...args: unknown[]) => {
      const flags = args.at(-2) as Flags;
      const finding = await action(...(args.slice(0, -1) as never[]));
      console.log(flags.json ? JSON.stringify(finding.json, null, 2) : finding.text);
      process.exitCode = finding.ok ? 0 : 1;
    });
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`maintenance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
