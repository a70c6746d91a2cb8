import { goMapJson, RawJson } from '../go-json.js';
import { isObject, type JsonObject } from '../json-field.js';
import { FieldReader } from './field-reader.js';
import { EXTRAS, OPENAI_IGNORED } from './known-extras.js';
import { nativeBody, unlessEmpty, type NativeMessage } from './native-body.js';
import { thinkOfEffort } from './openai-effort.js';
import { inputMessages } from './responses-input.js';
import type { ResponsesEcho } from './responses-object.js';
import { ResponsesWriter } from './responses-writer.js';
import { checkParameters } from './tool-definitions.js';
import type { Translation } from './translation.js';
import type { V1Body } from './v1-body.js';

const READ =
  'model background conversation include input instructions max_output_tokens reasoning think temperature text top_p ' +
  'truncation tools stream';
/** What Ollama 0.34.4 does not read here. */
const IGNORED =
  'previous_response_id parallel_tool_calls tool_choice top_logprobs max_tool_calls stream_options client_metadata';
const KNOWN = new Set(`${READ} ${IGNORED} ${OPENAI_IGNORED} ${EXTRAS}`.split(' '));
const TOOL = new Set('type name description strict parameters execution defer_loading'.split(' '));
const LEVELS = new Set(['low', 'medium', 'high', 'max']);

/** `POST /v1/responses` as `/api/chat`. */
export function translateResponses(body: V1Body): Translation {
  const { fields } = body;
  const reader = new FieldReader();
  reader.known(fields, KNOWN);
  const model = reader.string(fields, 'model');
  if (model.trim() === '') reader.refuse('model is required');
  const stream = reader.flag(fields, 'stream') ?? false;
  const { native, echo: tools } = toolsOf(reader, fields);
  const echo = { ...echoOf(reader, body), tools };
  const instructions: NativeMessage[] =
    echo.instructions === null ? [] : [{ role: 'system', content: echo.instructions }];
  const request = {
    model,
    messages: [...instructions, ...inputMessages(reader, fields)],
    stream,
    format: formatOf(body),
    tools: unlessEmpty(native),
    options: {
      temperature: echo.temperature,
      top_p: reader.number(fields, 'top_p') ?? undefined,
      num_predict: echo.maxOutputTokens ?? undefined,
    },
    think: thinkOf(reader, fields, echo.effort),
  };
  reader.strings(fields, 'include');
  if (reader.problem) return reader.problem;
  return {
    kind: 'translated',
    route: 'chat',
    model,
    body: nativeBody(request),
    writer: () => new ResponsesWriter(stream, echo),
    withoutThinking: null,
    unknown: reader.unknown,
  };
}

function echoOf(reader: FieldReader, body: V1Body): Omit<ResponsesEcho, 'tools'> {
  const { fields, text } = body;
  const reasoning = reader.object(fields, 'reasoning') ?? {};
  reader.string(reasoning, 'generate_summary');
  return {
    model: reader.string(fields, 'model'),
    instructions: reader.string(fields, 'instructions') || null,
    maxOutputTokens: reader.integer(fields, 'max_output_tokens', text),
    temperature: reader.number(fields, 'temperature') ?? 1,
    topP: reader.number(fields, 'top_p') ?? 1,
    truncation: (fields['truncation'] ?? null) === null ? 'disabled' : reader.string(fields, 'truncation'),
    background: reader.flag(fields, 'background') ?? false,
    format: echoFormat(reader, body),
    effort: reader.string(reasoning, 'effort'),
    summary: reader.string(reasoning, 'summary'),
  };
}

function givenFormat({ fields }: V1Body): JsonObject | null {
  const text = isObject(fields['text']) ? fields['text'] : {};
  return isObject(text['format']) ? text['format'] : null;
}

function schemaOf({ text }: V1Body): RawJson | undefined {
  const schema = text.member('text')?.member('format')?.member('schema');
  return schema ? new RawJson(schema.toString()) : undefined;
}

function echoFormat(reader: FieldReader, body: V1Body): object {
  reader.object(reader.object(body.fields, 'text') ?? {}, 'format');
  const format = givenFormat(body);
  if (format === null) return { type: 'text' };
  return {
    type: reader.string(format, 'type'),
    name: reader.string(format, 'name') || undefined,
    schema: schemaOf(body),
    strict: reader.flag(format, 'strict') ?? undefined,
  };
}

/** Schemas only: plain JSON mode is not known here. */
function formatOf(body: V1Body): RawJson | undefined {
  return givenFormat(body)?.['type'] === 'json_schema' ? schemaOf(body) : undefined;
}

/** Ollama's own `think`, else the effort. */
function thinkOf(reader: FieldReader, fields: JsonObject, effort: string): boolean | string | undefined {
  const think = fields['think'] ?? null;
  if (think === null) return thinkOfEffort(reader, effort);
  if (typeof think === 'boolean' || (typeof think === 'string' && LEVELS.has(think))) return think;
  reader.refuse(`invalid think value: ${JSON.stringify(think)}`);
  return undefined;
}

/** OpenAI's flat tool definitions in the nested form of chats, and as a response repeats them. */
function toolsOf(reader: FieldReader, fields: JsonObject): { readonly native: object[]; readonly echo: object[] } {
  const native: object[] = [];
  const echo: object[] = [];
  for (const tool of reader.objects(fields, 'tools') ?? []) {
    reader.known(tool, TOOL, 'tools');
    const type = reader.string(tool, 'type');
    // Searches, namespaces, and what the server may learn to do by itself.
    if (type !== 'function') reader.foreign('tool');
    const name = reader.string(tool, 'name');
    const description = (tool['description'] ?? null) === null ? undefined : reader.string(tool, 'description');
    const parameters = reader.object(tool, 'parameters');
    checkParameters(reader, parameters);
    // The server sorts the keys of parameters, and so their order in the prompt.
    const sorted = parameters === null ? undefined : new RawJson(goMapJson(parameters));
    native.push({ type, function: { name, description: description || undefined, parameters: sorted } });
    echo.push({
      type,
      name: name || undefined,
      description,
      strict: reader.flag(tool, 'strict') ?? undefined,
      parameters: parameters === null || Object.keys(parameters).length === 0 ? undefined : sorted,
      execution: reader.string(tool, 'execution') || undefined,
      defer_loading: reader.flag(tool, 'defer_loading') ?? undefined,
    });
  }
  return { native, echo };
}
