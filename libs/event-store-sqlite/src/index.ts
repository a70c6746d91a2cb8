export { rightsizeDataSourceOptions } from './data-source.js';
export type { EventStorage, EventStorageHealth, EventStorageOptions } from './event-storage.js';
export { openEventStorage } from './open-event-storage.js';
