import { existsSync } from 'node:fs';
import { openEventStorage, pendingMigrations } from '@rightsize/event-store-sqlite';
import type { Call, MaintenanceCommand } from './command.js';
import type { Finding } from './finding.js';

export const migrate: MaintenanceCommand = {
  usage: 'migrate',
  summary: 'bring the schema of a database up to date',
  notes: 'Every program of Rightsize does this when it opens a database. Use it to do so, or to look, beforehand.',
  examples: ['migrate --db rightsize.sqlite', 'migrate --dry-run'],
  exits: { 0: 'the schema is up to date, or with --dry-run: known' },
  changes: true,
  run: migrateDatabase,
};

async function migrateDatabase({ db, dryRun }: Call): Promise<Finding> {
  if (!existsSync(db)) throw new Error(`${db} does not exist; name the gateway's database with --db`);
  const pending = await pendingMigrations(db);
  if (!dryRun) await (await openEventStorage({ file: db })).close();
  const done = dryRun ? 'would be run' : 'were run';
  const text =
    pending.length === 0
      ? `${db}: the schema is up to date.`
      : [`${db}: ${pending.length} migrations ${done}:`, ...pending.map((name) => `  ${name}`)].join('\n');
  return { text, json: { pending, run: !dryRun }, ok: true };
}
