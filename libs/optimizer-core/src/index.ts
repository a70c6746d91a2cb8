export * from './request.js';
export * from './runner.js';
export * from './statistics.js';
export * from './decision.js';
export * from './events.js';
export * from './template-detector.js';
export * from './memory-window.js';
