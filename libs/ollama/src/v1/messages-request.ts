import { RawJson } from '../go-json.js';
import { isObject, text, type JsonObject } from '../json-field.js';
import { FieldReader } from './field-reader.js';
import { EXTRAS } from './known-extras.js';
import { messagesOf } from './messages-blocks.js';
import { estimateTokens } from './messages-estimate.js';
import { MessagesWriter } from './messages-writer.js';
import { nativeBody, unlessEmpty, type NativeMessage } from './native-body.js';
import { checkParameters } from './tool-definitions.js';
import type { Translation } from './translation.js';
import type { V1Body } from './v1-body.js';

const READ =
  'model max_tokens messages system stream temperature top_p top_k stop_sequences tools tool_choice thinking metadata ' +
  'output_config';
/** What Ollama 0.34.4 does not read here. */
const IGNORED = 'service_tier context_management betas cache_control container inference_geo speed output_format';
const KNOWN = new Set(`${READ} ${IGNORED} ${EXTRAS}`.split(' '));
const TOOL = new Set(
  (
    'type name description input_schema max_uses cache_control strict defer_loading eager_input_streaming ' +
    'input_examples allowed_callers'
  ).split(' '),
);
const LEVELS = new Set(['low', 'medium', 'high', 'max']);

/** `POST /v1/messages` as `/api/chat`. */
export function translateMessages(body: V1Body): Translation {
  const { fields, text: written } = body;
  const reader = new FieldReader();
  reader.known(fields, KNOWN);
  const model = reader.string(fields, 'model');
  const maxTokens = reader.integer(fields, 'max_tokens', written);
  const asked = reader.objects(fields, 'messages') ?? [];
  if (model === '') reader.refuse('model is required');
  if ((maxTokens ?? 0) <= 0) reader.refuse('max_tokens is required and must be positive');
  if (asked.length === 0) reader.refuse('messages is required');
  const stream = reader.flag(fields, 'stream') ?? false;
  checkIgnored(reader, body);
  const texts = written.member('messages')?.items;
  const native = {
    model,
    messages: [...systemOf(fields), ...asked.flatMap((message, at) => messagesOf(reader, message, texts?.[at]))],
    stream,
    tools: unlessEmpty(toolsOf(reader, body)),
    options: {
      num_predict: maxTokens,
      temperature: reader.number(fields, 'temperature') ?? undefined,
      top_p: reader.number(fields, 'top_p') ?? undefined,
      top_k: reader.integer(fields, 'top_k', written) ?? undefined,
      stop: unlessEmpty(reader.strings(fields, 'stop_sequences')),
    },
  };
  const think = thinkOf(reader, fields);
  if (reader.problem) return reader.problem;
  const estimate = stream ? estimateTokens(body) : 0;
  return {
    kind: 'translated',
    route: 'chat',
    model,
    body: nativeBody({ ...native, think }),
    writer: () => new MessagesWriter({ model, stream, estimate }),
    withoutThinking: think === undefined || think === false ? null : nativeBody(native),
    unknown: reader.unknown,
  };
}

/** What is read for its type only. */
function checkIgnored(reader: FieldReader, { fields, text: written }: V1Body): void {
  const budget = written.member('thinking');
  if (budget) reader.integer(reader.object(fields, 'thinking') ?? {}, 'budget_tokens', budget);
  const tools = written.member('tools')?.items ?? [];
  reader.objects(fields, 'tools')?.forEach((tool, at) => reader.integer(tool, 'max_uses', tools[at]!));
  const choice = reader.object(fields, 'tool_choice') ?? {};
  reader.string(choice, 'type');
  reader.string(choice, 'name');
  reader.flag(choice, 'disable_parallel_tool_use');
  reader.string(reader.object(fields, 'metadata') ?? {}, 'user_id');
}

function systemOf({ system }: JsonObject): NativeMessage[] {
  const parts = Array.isArray(system) ? system.filter(isObject) : [];
  const joined = parts.map((part) => (part['type'] === 'text' ? text(part['text']) : '')).join('');
  const content = typeof system === 'string' ? system : joined;
  return content === '' ? [] : [{ role: 'system', content }];
}

function toolsOf(reader: FieldReader, { fields, text: written }: V1Body): object[] {
  const texts = written.member('tools')?.items;
  return (reader.objects(fields, 'tools') ?? []).map((tool, at) => {
    reader.known(tool, TOOL, 'tools');
    // The server searches by itself, and asks the model again.
    if (reader.string(tool, 'type').startsWith('web_search')) reader.foreign('web-search');
    checkParameters(reader, reader.object(tool, 'input_schema'));
    const schema = texts?.[at]?.member('input_schema');
    return {
      type: 'function',
      function: {
        name: reader.string(tool, 'name'),
        description: reader.string(tool, 'description') || undefined,
        parameters: schema ? new RawJson(schema.toString()) : undefined,
      },
    };
  });
}

function thinkOf(reader: FieldReader, fields: JsonObject): boolean | string | undefined {
  const type = reader.string(reader.object(fields, 'thinking') ?? {}, 'type');
  if (type === 'enabled') return true;
  if (type === 'disabled') return false;
  const effort = reader.string(reader.object(fields, 'output_config') ?? {}, 'effort');
  const level = effort.trim().toLowerCase();
  const known = level === 'xhigh' ? 'high' : level;
  return LEVELS.has(known) ? known : undefined;
}
