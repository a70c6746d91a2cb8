import type { DataSourceOptions } from 'typeorm';
import { EventEntity } from './entities/event.entity.js';
import { LogFloorEntity } from './entities/log-floor.entity.js';
import { ParkedEventEntity } from './entities/parked-event.entity.js';
import { ProjectionCheckpointEntity } from './entities/projection-checkpoint.entity.js';
import { ReadModelRowEntity } from './entities/read-model-row.entity.js';
import { SnapshotRowEntity } from './entities/snapshot-row.entity.js';
import { AddRetention1795478400000 } from './migrations/add-retention.migration.js';
import { CreateEventLog1795392000000 } from './migrations/create-event-log.migration.js';
import { CreateStatisticsViews1795392000001 } from './migrations/create-statistics-views.migration.js';

/**
 * TypeORM options for a Rightsize database: schema, migrations and reads; also those of TypeORM's
 * command line. Entities and migrations are listed one by one: a pattern of file names would find
 * nothing in a bundle.
 */
export function rightsizeDataSourceOptions(file: string): DataSourceOptions {
  return {
    type: 'better-sqlite3',
    database: file,
    enableWAL: true,
    entities: [
      EventEntity,
      ProjectionCheckpointEntity,
      ReadModelRowEntity,
      ParkedEventEntity,
      LogFloorEntity,
      SnapshotRowEntity,
    ],
    migrations: [CreateEventLog1795392000000, CreateStatisticsViews1795392000001, AddRetention1795478400000],
  };
}
