import { deepJson } from '../deep-json.js';
import type { InferenceRequest, InferenceRoute, PromptSegment } from '@rightsize/optimizer-core';
import { bodyObject } from '../body-object.js';
import type { ReadBody } from '../inference-body.js';
import { isObject, list, positiveInteger, text, type JsonObject } from '../json-field.js';

/**
 * Reads a body of `/v1/chat/completions`, `/v1/completions` or llama-server's `/completion` for what may be known of
 * it; it goes to the server as it came. Never throws. A field of the wrong type counts as absent. The model may be:
 * llama-server has but one.
 */
export function readOpenAiBody(route: InferenceRoute, body: Buffer): ReadBody {
  const parsed = bodyObject(body);
  if (typeof parsed === 'string') return { kind: 'unreadable', reason: parsed };
  const prompt = route === 'chat' ? chatPrompt(parsed) : completionPrompt(parsed);
  const request: InferenceRequest = {
    route,
    model: text(parsed['model']),
    segments: prompt.segments,
    tools: prompt.tools,
    imageCount: prompt.imageCount,
    numPredict: limitOf(parsed),
    numCtx: null,
    stream: parsed['stream'] === true,
    preload: false,
    unload: false,
    think: thinkOf(parsed),
    contextTokens: prompt.contextTokens,
    fixedOptions: '',
    truncate: null,
  };
  return { kind: 'ok', request };
}

type Prompt = Required<Pick<InferenceRequest, 'segments' | 'tools' | 'imageCount' | 'contextTokens'>>;

function chatPrompt(body: JsonObject): Prompt {
  const segments: PromptSegment[] = [];
  let imageCount = 0;
  for (const message of list(body['messages'])) {
    if (!isObject(message)) continue;
    const calls = list(message['tool_calls']);
    const parts = [text(message['reasoning_content']), contentOf(message['content'])];
    if (calls.length > 0) parts.push(deepJson(calls));
    segments.push({ role: roleOf(text(message['role'])), text: parts.filter((part) => part !== '').join('\n') });
    imageCount += list(message['content']).filter(isImage).length;
  }
  const tools = list(body['tools']);
  return { segments, imageCount, tools: tools.length > 0 ? deepJson(tools) : '', contextTokens: 0 };
}

/** A prompt is a text, the numbers of its tokens, or a list of both kinds, each of which is a prompt of its own. */
function completionPrompt(body: JsonObject): Prompt {
  const prompt = body['prompt'];
  const texts = typeof prompt === 'string' ? [prompt] : list(prompt).filter((part) => typeof part === 'string');
  const segments = texts.map((part): PromptSegment => ({ role: 'prompt', text: part }));
  const suffix = text(body['suffix']);
  if (suffix !== '') segments.push({ role: 'suffix', text: suffix });
  const contextTokens = list(prompt).filter((part) => typeof part === 'number').length;
  return { segments, imageCount: 0, tools: '', contextTokens };
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map((part) => (isObject(part) ? text(part['text']) : ''))
    .filter((part) => part !== '')
    .join('\n');
}

function isImage(part: unknown): boolean {
  return isObject(part) && part['type'] === 'image_url';
}

function roleOf(role: string): PromptSegment['role'] {
  switch (role) {
    case 'system':
    case 'assistant':
    case 'tool':
      return role;
    case 'developer':
      return 'system';
    case 'function':
      return 'tool';
    default:
      return 'user';
  }
}

function limitOf(body: JsonObject): number | null {
  return (
    positiveInteger(body['max_completion_tokens']) ??
    positiveInteger(body['max_tokens']) ??
    positiveInteger(body['n_predict'])
  );
}

/** As chat templates are told, or as OpenAI's clients say it. */
function thinkOf(body: JsonObject): boolean | null {
  const given = body['chat_template_kwargs'];
  const told = isObject(given) ? given['enable_thinking'] : undefined;
  if (typeof told === 'boolean') return told;
  const effort = body['reasoning_effort'];
  return typeof effort === 'string' && effort !== '' ? effort !== 'none' : null;
}
