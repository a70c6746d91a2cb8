#!/usr/bin/env node
import { MAINTENANCE_COMMAND } from '@rightsize/optimizer';
import { Command } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { erase } from './erase.js';
import { explain } from './explain.js';
import { exportLog } from './export.js';
import { importLog } from './import.js';
import { ledger } from './ledger.js';
import { migrate } from './migrate.js';
import { parked, skip } from './parked.js';
import { activate, policies, rollback } from './policies.js';
import { rebuild } from './rebuild.js';
import { register } from './register.js';
import { retain } from './retain.js';
import { retrain } from './retrain.js';
import { safeguards } from './safeguards.js';
import { templates } from './templates.js';
import { verify } from './verify.js';
import { whatIf } from './what-if.js';
import { windows } from './windows.js';

/** In the order of the help. */
const COMMANDS: readonly MaintenanceCommand[] = [
  verify,
  explain,
  templates,
  ledger,
  windows,
  whatIf,
  retrain,
  policies,
  activate,
  rollback,
  safeguards,
  rebuild,
  parked,
  skip,
  retain,
  exportLog,
  importLog,
  erase,
  migrate,
];

/** Exit codes: 0 all is well, 1 something was found to be wrong, 2 the command could not be carried out. */
const program = new Command('rightsize-maintenance')
  .description('Looks after the event log of a Rightsize gateway. Safe beside a running one.')
  // Commander ends with 1 on a mistake in the command line; here that means that something is wrong with a log.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    '\nEach command has its own --help with examples, prints JSON with --json, and shows its progress on stderr.\n' +
      'Exit codes: 0 all is well, 1 something is wrong, 2 the command could not be carried out.\n\n' +
      `Examples:\n  ${MAINTENANCE_COMMAND} verify --db rightsize.sqlite\n` +
      `  ${MAINTENANCE_COMMAND} explain 01a20738-58f7-70a9-8272-be1d9a9a3044\n`,
  );
for (const command of COMMANDS) register(program, command);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`maintenance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
