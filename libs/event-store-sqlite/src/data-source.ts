import type { DataSourceOptions } from 'typeorm';

/** TypeORM options for a Rightsize database: schema, migrations and reads; also those of TypeORM's command line. */
export function rightsizeDataSourceOptions(file: string): DataSourceOptions {
  return { type: 'better-sqlite3', database: file, enableWAL: true, entities: [], migrations: [] };
}
