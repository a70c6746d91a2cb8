import type { Option } from 'commander';
import type { Finding } from './finding.js';
import type { Progress } from './progress.js';

/** What a command was called with. */
export interface Call {
  /** The database file. */
  readonly db: string;
  /** Only tell what would be done. Always false for a command that changes nothing. */
  readonly dryRun: boolean;
  readonly args: readonly string[];
  /** The command's own options, by their names in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly progress: Progress;
}

/** One command of the command line; each lives in a file of its own and is listed in `main.ts`. */
export interface MaintenanceCommand {
  /** Name and arguments, as commander writes them: `explain <decision>`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What comes after `npx @rightsize/maintenance `. */
  readonly examples: readonly string[];
  /** What exit codes 0 and 1 mean here. */
  readonly exits: { readonly 0: string; readonly 1?: string };
  /** What else is worth knowing before it is used. */
  readonly notes?: string;
  readonly options?: readonly Option[];
  /** It changes something, so it takes `--dry-run`. */
  readonly changes?: boolean;
  run(call: Call): Promise<Finding>;
}
