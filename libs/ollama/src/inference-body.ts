import type { InferenceRequest, InferenceRoute, PromptSegment } from '@rightsize/optimizer-core';
import { folded, isObject, list, positiveInteger, text, type JsonObject } from './json-field.js';
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
  const fields = folded(parsed);
  const model = text(fields['model']);
  if (model.trim() === '') return { kind: 'unreadable', reason: 'no-model' };
  return { kind: 'ok', request: route === 'chat' ? chat(model, fields) : generate(model, fields) };
}

function chat(model: string, body: JsonObject): InferenceRequest {
  const messages = list(body['messages']).filter(isObject).map(folded);
  const tools = list(body['tools']);
  return {
    ...common(model, body, messages.length === 0),
    route: 'chat',
    segments: messages.map(segmentOf),
    tools: tools.length > 0 ? JSON.stringify(tools) : '',
    imageCount: messages.reduce((sum, message) => sum + list(message['images']).length, 0),
    contextTokens: 0,
  };
}

function generate(model: string, body: JsonObject): InferenceRequest {
  const prompt = text(body['prompt']);
  return {
    ...common(model, body, prompt === ''),
    route: 'generate',
    segments: [
      { role: 'system', text: text(body['system']) },
      { role: 'prompt', text: prompt },
      { role: 'suffix', text: text(body['suffix']) },
    ].filter((segment): segment is PromptSegment => segment.text !== ''),
    tools: '',
    imageCount: list(body['images']).length,
    contextTokens: list(body['context']).length,
  };
}

function common(model: string, body: JsonObject, preload: boolean) {
  const found = body['options'];
  const options = isObject(found) ? found : {};
  return {
    model,
    numPredict: positiveInteger(options['num_predict']),
    numCtx: positiveInteger(options['num_ctx']),
    fixedOptions: fixedOptionsOf(options, body['shift']),
    stream: body['stream'] !== false,
    preload,
    unload: preload && isZeroDuration(body['keep_alive']),
    think: thinkOf(body['think']),
  };
}

function thinkOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' && value !== '' ? value !== 'none' : null;
}

/** One segment per message, so that segments count as turns. */
function segmentOf(message: JsonObject): PromptSegment {
  const thinking = text(message['thinking']);
  const calls = list(message['tool_calls']);
  let content = text(message['content']);
  if (thinking !== '') content = content === '' ? thinking : `${thinking}\n${content}`;
  if (calls.length > 0) content = `${content === '' ? '' : `${content}\n`}${JSON.stringify(calls)}`;
  return { role: roleOf(text(message['role'])), text: content };
}

function roleOf(role: string): PromptSegment['role'] {
  switch (role) {
    case 'user':
    case 'system':
    case 'assistant':
    case 'tool':
      return role;
    case 'developer':
      return 'system';
    default: {
      const lower = role.toLowerCase();
      return lower === role ? 'user' : roleOf(lower);
    }
  }
}
