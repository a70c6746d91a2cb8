import { MAINTENANCE_COMMAND } from '@rightsize/optimizer';
import { Command, Option } from 'commander';
import type { MaintenanceCommand } from './command.js';
import { StderrProgress } from './progress.js';

const BROKEN = 'the command could not be carried out';

/** Gives a command the flags, help and exit codes that all have. */
export function register(program: Command, command: MaintenanceCommand): void {
  const created = program
    .command(command.usage)
    .summary(command.summary)
    .description(
      sentence(command.summary) + (command.notes === undefined ? '' : `\n\n${command.notes.replaceAll('\n', ' ')}`),
    )
    .addOption(new Option('--db <file>', 'the database file').env('RIGHTSIZE_DB').default('rightsize.sqlite'));
  for (const option of command.options ?? []) created.addOption(option);
  if (command.changes === true) created.option('--dry-run', 'tell what would be done, and change nothing', false);
  created.option('--json', 'print the result as JSON', false);
  created.addHelpText('after', `\n${exitCodes(command)}\n\n${examples(command)}`);
  created.action(async (...given: unknown[]) => {
    const flags = given.at(-2) as Readonly<Record<string, unknown>>;
    const { db, json, dryRun = false, ...options } = flags;
    const progress = new StderrProgress();
    try {
      const args = given.slice(0, -2) as readonly string[];
      const finding = await command.run({ db: String(db), dryRun: dryRun === true, args, options, progress });
      progress.end();
      console.log(json === true ? JSON.stringify(finding.json, null, 2) : finding.text);
      process.exitCode = finding.ok ? 0 : 1;
    } finally {
      progress.end();
    }
  });
}

function exitCodes({ exits }: MaintenanceCommand): string {
  const lines = [`  0  ${exits[0]}`, ...(exits[1] === undefined ? [] : [`  1  ${exits[1]}`]), `  2  ${BROKEN}`];
  return ['Exit codes:', ...lines].join('\n');
}

function examples(command: MaintenanceCommand): string {
  return ['Examples:', ...command.examples.map((example) => `  ${MAINTENANCE_COMMAND} ${example}`)].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
