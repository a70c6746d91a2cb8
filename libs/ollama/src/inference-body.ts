import type { InferenceRequest, InferenceRoute, PromptSegment } from '@rightsize/optimizer-core';
import { field, isObject, list, positiveInteger, text, type JsonObject } from './json-field.js';
import { fixedOptionsOf } from './fixed-options.js';
import { isZeroDuration } from './go-duration.js';

export type ReadBody =
  | { readonly kind: 'ok'; readonly request: InferenceRequest }
  /** Not ours to judge: it goes upstream as it is, and the client sees the server's own error. */
  | { readonly kind: 'unreadable'; readonly reason: 'not-json' | 'not-an-object' | 'no-model' };

/**
 * Reads a body of `/api/chat` or `/api/generate` as the server would. Never throws. A field of the
 * wrong type counts as absent: refusing it is the server's part.
 */
export function readInferenceBody(route: InferenceRoute, body: Buffer): ReadBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'unreadable', reason: 'not-json' };
  }
  if (!isObject(parsed)) return { kind: 'unreadable', reason: 'not-an-object' };
  const model = text(field(parsed, 'model'));
  if (model.trim() === '') return { kind: 'unreadable', reason: 'no-model' };
  return { kind: 'ok', request: route === 'chat' ? chat(model, parsed) : generate(model, parsed) };
}

function chat(model: string, body: JsonObject): InferenceRequest {
  const messages = list(field(body, 'messages')).filter(isObject);
  const tools = list(field(body, 'tools'));
  return {
    ...common(model, body, messages.length === 0),
    route: 'chat',
    segments: messages.map(segmentOf),
    tools: tools.length > 0 ? JSON.stringify(tools) : '',
    imageCount: messages.reduce((sum, message) => sum + list(field(message, 'images')).length, 0),
    contextTokens: 0,
  };
}

function generate(model: string, body: JsonObject): InferenceRequest {
  const prompt = text(field(body, 'prompt'));
  return {
    ...common(model, body, prompt === ''),
    route: 'generate',
    segments: [
      { role: 'system', text: text(field(body, 'system')) },
      { role: 'prompt', text: prompt },
      { role: 'suffix', text: text(field(body, 'suffix')) },
    ].filter((segment): segment is PromptSegment => segment.text !== ''),
    tools: '',
    imageCount: list(field(body, 'images')).length,
    contextTokens: list(field(body, 'context')).length,
  };
}

function common(model: string, body: JsonObject, preload: boolean) {
  const found = field(body, 'options');
  const options = isObject(found) ? found : {};
  return {
    model,
    numPredict: positiveInteger(options['num_predict']),
    numCtx: positiveInteger(options['num_ctx']),
    fixedOptions: fixedOptionsOf(options, field(body, 'shift')),
    stream: field(body, 'stream') !== false,
    preload,
    unload: preload && isZeroDuration(field(body, 'keep_alive')),
    think: thinkOf(field(body, 'think')),
  };
}

function thinkOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' && value !== '' ? value !== 'none' : null;
}

/** One segment per message, so that segments count as turns. */
function segmentOf(message: JsonObject): PromptSegment {
  const calls = list(field(message, 'tool_calls'));
  const parts = [
    text(field(message, 'thinking')),
    text(field(message, 'content')),
    calls.length > 0 ? JSON.stringify(calls) : '',
  ].filter((part) => part !== '');
  return { role: roleOf(text(field(message, 'role'))), text: parts.length === 1 ? parts[0]! : parts.join('\n') };
}

function roleOf(role: string): PromptSegment['role'] {
  const lower = role.toLowerCase();
  switch (lower) {
    case 'system':
    case 'assistant':
    case 'tool':
      return lower;
    case 'developer':
      return 'system';
    default:
      return 'user';
  }
}
