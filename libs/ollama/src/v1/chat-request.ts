import { RawJson } from '../go-json.js';
import { isObject, type JsonObject } from '../json-field.js';
import { chatMessages } from './chat-messages.js';
import { ChatWriter } from './chat-writer.js';
import { FieldReader } from './field-reader.js';
import { EXTRAS, OPENAI_IGNORED } from './known-extras.js';
import { nativeBody } from './native-body.js';
import { thinkOfEffort } from './openai-effort.js';
import { nestedTools } from './tool-definitions.js';
import type { Translation } from './translation.js';
import type { V1Body } from './v1-body.js';

const READ =
  'model messages stream stream_options max_tokens seed stop temperature frequency_penalty presence_penalty top_p ' +
  'response_format tools reasoning reasoning_effort logprobs top_logprobs _debug_render_only';
/** What Ollama 0.34.4 does not read here. */
const IGNORED =
  'n logit_bias parallel_tool_calls tool_choice max_completion_tokens prediction verbosity functions function_call';
const KNOWN = new Set(`${READ} ${IGNORED} ${OPENAI_IGNORED} ${EXTRAS}`.split(' '));
const STREAM_OPTIONS = new Set(['include_usage', 'include_obfuscation']);

/** `POST /v1/chat/completions` as `/api/chat`. */
export function translateChat(body: V1Body): Translation {
  const { fields } = body;
  const reader = new FieldReader();
  reader.known(fields, KNOWN);
  const model = reader.string(fields, 'model');
  if (reader.flag(fields, '_debug_render_only') === true) reader.foreign('debug');
  const asked = reader.list(fields, 'messages');
  if (asked === null || asked.length === 0) reader.refuse("[] is too short - 'messages'");
  const stream = reader.flag(fields, 'stream') ?? false;
  const native = {
    model,
    messages: chatMessages(reader, fields),
    stream,
    format: formatOf(reader, body),
    tools: nestedTools(reader, body),
    options: optionsOf(reader, body),
    think: thinkOfEffort(reader, effortOf(reader, fields)),
    logprobs: reader.flag(fields, 'logprobs') ?? undefined,
    top_logprobs: reader.integer(fields, 'top_logprobs', body.text) ?? undefined,
  };
  const usage = includesUsage(reader, fields);
  if (reader.problem) return reader.problem;
  return {
    kind: 'translated',
    route: 'chat',
    model,
    body: nativeBody(native),
    writer: () => new ChatWriter({ stream, usage }),
    withoutThinking: null,
    unknown: reader.unknown,
  };
}

/** Whether a stream is to end with an event about its use of tokens. */
export function includesUsage(reader: FieldReader, fields: JsonObject): boolean {
  const options = reader.object(fields, 'stream_options') ?? {};
  reader.known(options, STREAM_OPTIONS, 'stream_options');
  return reader.flag(options, 'include_usage') ?? false;
}

function optionsOf(reader: FieldReader, body: V1Body): object {
  const { fields } = body;
  return {
    stop: stopOf(fields['stop']),
    num_predict: reader.integer(fields, 'max_tokens', body.text) ?? undefined,
    temperature: reader.number(fields, 'temperature') ?? 1,
    seed: reader.integer(fields, 'seed', body.text) ?? undefined,
    frequency_penalty: reader.number(fields, 'frequency_penalty') ?? undefined,
    presence_penalty: reader.number(fields, 'presence_penalty') ?? undefined,
    top_p: reader.number(fields, 'top_p') ?? 1,
  };
}

/** Items that are no strings are dropped here, as the server drops them. */
function stopOf(stop: unknown): readonly string[] | undefined {
  if (typeof stop === 'string') return [stop];
  return Array.isArray(stop) ? stop.filter((each) => typeof each === 'string') : undefined;
}

function formatOf(reader: FieldReader, body: V1Body): string | RawJson | undefined {
  const format = reader.object(body.fields, 'response_format');
  if (format === null) return undefined;
  const schema = reader.object(format, 'json_schema');
  switch (reader.string(format, 'type').trim().toLowerCase()) {
    case 'json_object':
      return 'json';
    case 'json_schema': {
      const text = schema && body.text.member('response_format')?.member('json_schema')?.member('schema');
      return text ? new RawJson(text.toString()) : undefined;
    }
    default:
      return undefined;
  }
}

function effortOf(reader: FieldReader, fields: JsonObject): string {
  const plain = reader.string(fields, 'reasoning_effort');
  const reasoning = reader.object(fields, 'reasoning');
  return isObject(reasoning) ? reader.string(reasoning, 'effort') : plain;
}
