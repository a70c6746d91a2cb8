export * from './event.js';
export * from './event-store.js';
export * from './projection.js';
