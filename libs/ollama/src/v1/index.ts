export * from './v1-route.js';
export * from './translation.js';
export * from './translate.js';
export * from './dialect-writer.js';
export * from './native-answer.js';
export { openAiError } from './openai-error.js';
export { anthropicError } from './messages-writer.js';
export * from './replace-model.js';
