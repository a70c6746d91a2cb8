export * from './exchange-lines.js';
export * from './open-telemetry.js';
export * from './prometheus-metrics.js';
