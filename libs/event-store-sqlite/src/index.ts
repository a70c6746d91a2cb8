export { rightsizeDataSourceOptions } from './data-source.js';
export { EventEntity } from './entities/event.entity.js';
export { ProjectionCheckpointEntity } from './entities/projection-checkpoint.entity.js';
export { ReadModelRowEntity } from './entities/read-model-row.entity.js';
export type { EventStorage, EventStorageHealth, EventStorageOptions } from './event-storage.js';
export { openEventStorage } from './open-event-storage.js';
