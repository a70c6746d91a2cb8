import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import { examine, type Examination } from './crashes-examine.js';
import { runCommand, startLoad, type CommandRun } from './crashes-processes.js';
import { randomFrom } from './store-traffic.js';

interface CrashOptions {
  readonly times: number;
  readonly seed: number;
  readonly dir: string;
  readonly command: readonly string[];
  readonly json: boolean;
}

interface Kill {
  readonly what: string;
  /** False: the command had come to its end before. */
  readonly midway: boolean;
  readonly acknowledged: number;
  readonly examination: Examination;
}

/** Kills of one database; then a new one, so that the files stay small and beginnings are killed too. */
const KILLS_PER_FILE = 20;
/** Milliseconds within which a load that has begun is killed. */
const LOAD_MS = 350;
/** Share of a command's usual time after which it is killed, at the earliest: before that the process only starts. */
const FROM_SHARE = 0.45;

const DEFAULT_COMMANDS = ['migrate', 'rebuild', 'retain --days 0', 'retain --max-mib 1', 'retrain'];

async function run(options: CrashOptions, tell: (kill: Kill, count: number) => void): Promise<readonly Kill[]> {
  const random = randomFrom(options.seed);
  const folder = mkdtempSync(join(options.dir, 'rightsize-crashes-'));
  const usualMs = new Map<string, number>();
  const kills: Kill[] = [];
  let acknowledged = new Map<string, number>();
  let file = '';
  try {
    while (kills.length < options.times) {
      if (kills.length % KILLS_PER_FILE === 0) {
        file = join(folder, `${kills.length}.sqlite`);
        acknowledged = new Map();
      }
      const commands = options.command.length > 0 ? options.command : DEFAULT_COMMANDS;
      const command = kills.length % 2 === 0 ? null : commands[(kills.length >> 1) % commands.length]!;
      const midway =
        command === null
          ? await killLoad(file, random, acknowledged)
          : await killCommand(file, command, random, acknowledged, usualMs);
      const examination = await examine(file, acknowledged);
      const kill = { what: command ?? 'load', midway, acknowledged: acknowledged.size, examination };
      kills.push(kill);
      tell(kill, kills.length);
    }
    return kills;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killLoad(file: string, random: () => number, acknowledged: Map<string, number>): Promise<boolean> {
  const load = startLoad(file, Math.floor(random() * 1e9), acknowledged);
  await load.begun;
  await sleep(random() * LOAD_MS);
  return load.kill();
}

/** The load goes on beside the command; then both are killed, at moments of their own. */
async function killCommand(
  file: string,
  command: string,
  random: () => number,
  acknowledged: Map<string, number>,
  usualMs: Map<string, number>,
): Promise<boolean> {
  const migrating = command.startsWith('migrate');
  if (migrating) takeBackLastMigration(file);
  const load = migrating ? null : startLoad(file, Math.floor(random() * 1e9), acknowledged);
  await load?.begun;
  const known = usualMs.get(command);
  if (known === undefined) usualMs.set(command, (await runCommand(command, file, null)).ms);
  if (migrating && known === undefined) takeBackLastMigration(file);
  const usual = usualMs.get(command)!;
  const ended: CommandRun = await runCommand(command, file, usual * (FROM_SHARE + (1 - FROM_SHARE) * random()));
  await sleep(random() * 50);
  await load?.kill();
  if (ended.failure !== null) throw new Error(`${command}: ${ended.failure}`);
  return ended.killed;
}

/** As the file was before the newest migration, with everything that an older program would have written since. */
function takeBackLastMigration(file: string): void {
  const database = new Database(file);
  const floor = database.prepare('SELECT coalesce(max(position), 0) FROM log_floor').pluck().get();
  // What retention has deleted cannot be told to a program that knows nothing of it.
  if (floor === 0) {
    database.exec(`DROP TABLE snapshot_rows; DROP TABLE log_floor; DROP TABLE parked_events;
      ALTER TABLE events DROP COLUMN checksum; DELETE FROM migrations WHERE name LIKE 'AddRetention%'`);
  }
  database.close();
}

function summaryOf(kills: readonly Kill[]): object {
  const count = (of: (kill: Kill) => boolean): number => kills.filter(of).length;
  const kinds = [...new Set(kills.map(({ what }) => what))];
  return {
    kills: kills.length,
    byKind: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        { kills: count(({ what }) => what === kind), midway: count(({ what, midway }) => what === kind && midway) },
      ]),
    ),
    acknowledgedEvents: kills.reduce(
      (most, { acknowledged }, i) =>
        most + ((i + 1) % KILLS_PER_FILE === 0 || i === kills.length - 1 ? acknowledged : 0),
      0,
    ),
    foundRebuildUnfinished: count(({ examination }) => examination.unfinishedRebuilds > 0),
    foundDeletingUnfinished: count(({ examination }) => examination.belowFloor > 0),
    wrong: count(({ examination }) => examination.problems.length > 0),
    problems: kills.flatMap(({ what, examination }, i) =>
      examination.problems.map((problem) => `kill ${i + 1} (${what}): ${problem}`),
    ),
  };
}

const program = new Command('crashes')
  .description('Kills processes that write an event log, at random points, and checks what they leave behind')
  .option('--times <n>', 'kills; every other one during a maintenance command', Number, 200)
  .option('--seed <n>', 'of the moments and the traffic', Number, 1)
  .option('--dir <folder>', 'folder for the files', tmpdir())
  .option('--command <line...>', 'maintenance commands to kill, in turn, instead of the usual ones', [])
  .option('--json', 'print the summary as JSON only', false)
  .parse();
const options = program.opts<CrashOptions>();
const kills = await run(options, ({ what, midway, examination }, count) => {
  if (options.json) return;
  const state = examination.problems.length === 0 ? 'whole' : examination.problems.join('; ');
  console.error(
    `${count}/${options.times} ${what}${midway ? '' : ' (had ended)'}: ${examination.head} events, ${state}`,
  );
});
const summary = summaryOf(kills);
console.log(options.json ? JSON.stringify(summary, null, 2) : summary);
process.exitCode = kills.some(({ examination }) => examination.problems.length > 0) ? 1 : 0;
