import type { InferenceRequest, InferenceRoute, PromptSegment } from '@rightsize/optimizer-core';
import { bodyObject, type Unreadable } from './body-object.js';
import { deepJson } from './deep-json.js';
import { folded, isObject, list, positiveInteger, text, type JsonObject } from './json-field.js';
import { fixedOptionsOf } from './fixed-options.js';
import { isZeroDuration } from './go-duration.js';

export type ReadBody =
  | { readonly kind: 'ok'; readonly request: InferenceRequest }
  /** Not ours to judge: it goes upstream as it is, and the client sees the server's own error. */
  | { readonly kind: 'unreadable'; readonly reason: Unreadable | 'no-model' };

/**
 * Reads a body of `/api/chat` or `/api/generate` as the server would. Never throws. A field of the
 * wrong type counts as absent: refusing it is the server's part.
 */
export function readInferenceBody(route: InferenceRoute, body: Buffer): ReadBody {
  const parsed = bodyObject(body);
  if (typeof parsed === 'string') return { kind: 'unreadable', reason: parsed };
  const fields = folded(parsed);
  const model = text(fields['model']);
  if (model.trim() === '') return { kind: 'unreadable', reason: 'no-model' };
  return { kind: 'ok', request: route === 'chat' ? chat(model, fields) : generate(model, fields) };
}

function chat(model: string, body: JsonObject): InferenceRequest {
  const segments: PromptSegment[] = [];
  let imageCount = 0;
  for (const message of list(body['messages'])) {
    if (!isObject(message)) continue;
    const fields = folded(message);
    segments.push(segmentOf(fields));
    imageCount += list(fields['images']).length;
  }
  const tools = list(body['tools']);
  const toolText = tools.length > 0 ? deepJson(tools) : '';
  return requestOf('chat', model, body, { segments, imageCount, tools: toolText, preload: segments.length === 0 });
}

function generate(model: string, body: JsonObject): InferenceRequest {
  const segments: PromptSegment[] = [];
  const prompt = text(body['prompt']);
  const add = (role: PromptSegment['role'], part: string): void => {
    if (part !== '') segments.push({ role, text: part });
  };
  add('system', text(body['system']));
  add('prompt', prompt);
  add('suffix', text(body['suffix']));
  return requestOf('generate', model, body, {
    segments,
    imageCount: list(body['images']).length,
    tools: '',
    preload: prompt === '',
  });
}

type Prompt = Pick<InferenceRequest, 'segments' | 'imageCount' | 'tools' | 'preload'>;

/** One literal for both routes: every request has the same shape, which is what makes reading its fields quick. */
function requestOf(route: InferenceRoute, model: string, body: JsonObject, prompt: Prompt): InferenceRequest {
  const found = body['options'];
  const options = isObject(found) ? found : NO_OPTIONS;
  return {
    route,
    model,
    segments: prompt.segments,
    tools: prompt.tools,
    imageCount: prompt.imageCount,
    numPredict: positiveInteger(options['num_predict']),
    numCtx: positiveInteger(options['num_ctx']),
    stream: body['stream'] !== false,
    preload: prompt.preload,
    unload: prompt.preload && isZeroDuration(body['keep_alive']),
    think: thinkOf(body['think']),
    contextTokens: route === 'generate' ? list(body['context']).length : 0,
    fixedOptions: fixedOptionsOf(options, body['shift']),
    truncate: typeof body['truncate'] === 'boolean' ? body['truncate'] : null,
  };
}

const NO_OPTIONS: JsonObject = {};

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
  if (calls.length > 0) content = `${content === '' ? '' : `${content}\n`}${deepJson(calls)}`;
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
