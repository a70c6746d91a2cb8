export * from './openai-answer-tap.js';
export * from './openai-body.js';
export * from './openai-route.js';
export * from './openai-server.js';
