import { EventStoreError } from '@rightsize/event-store';
import type Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { rightsizeDataSourceOptions } from './data-source.js';

/** Tables that TypeORM and SQLite keep for themselves; a file with only these is as good as empty. */
const NOT_OURS_NOR_THEIRS = ['migrations', 'typeorm_metadata', 'sqlite_sequence'];

/** Two processes may open a new file at once: the loser finds the winner's tables and looks again. */
const ATTEMPTS = 5;

/** Refuses a file whose tables belong to another program, before anything is written to it. */
export function refuseForeignFile(writer: Database.Database, file: string): void {
  const tables = writer.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const foreign = tables.filter((name) => !NOT_OURS_NOR_THEIRS.includes(name));
  if (foreign.length === 0 || tables.includes('migrations')) return;
  throw new EventStoreError(
    'schema',
    `database ${file} belongs to another program (it has a table ${foreign[0]}): name another file`,
  );
}

/** Runs pending migrations. Refuses a file that a newer Rightsize has migrated further than this one knows. */
export async function bringUpToDate(dataSource: DataSource, file: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    refuseNewerSchema(await appliedMigrations(dataSource), dataSource, file);
    try {
      await dataSource.runMigrations();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function appliedMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const tables: unknown[] = await dataSource.query("SELECT name FROM sqlite_master WHERE name = 'migrations'");
  if (tables.length === 0) return [];
  const rows: { readonly name: string }[] = await dataSource.query('SELECT "name" FROM "migrations" ORDER BY "id"');
  return rows.map((row) => row.name);
}

function refuseNewerSchema(applied: readonly string[], dataSource: DataSource, file: string): void {
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new EventStoreError(
    'schema',
    `database ${file} was written by a newer Rightsize (migration ${unknown.join(', ')}): ` +
      'upgrade this one, or name another file',
  );
}

/** Names of the migrations that opening the file would run; it is only looked at. */
export async function pendingMigrations(file: string): Promise<readonly string[]> {
  const dataSource = await new DataSource(rightsizeDataSourceOptions(file)).initialize();
  try {
    const applied = await appliedMigrations(dataSource);
    refuseNewerSchema(applied, dataSource, file);
    const known = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
    return known.filter((name) => !applied.includes(name));
  } finally {
    await dataSource.destroy();
  }
}
