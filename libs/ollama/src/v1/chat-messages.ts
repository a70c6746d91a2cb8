import { RawJson } from '../go-json.js';
import { isObject, type JsonObject } from '../json-field.js';
import { readImageUrl } from './data-url.js';
import type { FieldReader } from './field-reader.js';
import { unlessEmpty, type NativeCall, type NativeMessage } from './native-body.js';

const MESSAGE = new Set(['role', 'content', 'reasoning', 'tool_calls', 'name', 'tool_call_id']);
const IGNORED = ['refusal', 'annotations', 'function_call', 'reasoning_content', 'reasoning_details', 'cache_control'];
const KNOWN = new Set([...MESSAGE, ...IGNORED]);
const PART = new Set(['type', 'text', 'image_url', 'cache_control', 'annotations']);
const CALL = new Set(['id', 'index', 'type', 'function']);

/** OpenAI's messages in Ollama's form. */
export function chatMessages(reader: FieldReader, fields: JsonObject): NativeMessage[] {
  const asked = reader.objects(fields, 'messages') ?? [];
  const messages: NativeMessage[] = [];
  for (const message of asked) addMessage(reader, message, asked, messages);
  return messages;
}

function addMessage(
  reader: FieldReader,
  message: JsonObject,
  asked: readonly JsonObject[],
  messages: NativeMessage[],
): void {
  reader.known(message, KNOWN, 'messages');
  const role = reader.string(message, 'role');
  const thinking = reader.string(message, 'reasoning') || undefined;
  const calls = toolCallsOf(reader, message);
  const toolCalls = unlessEmpty(calls);
  const toolCallId = reader.string(message, 'tool_call_id');
  const name = reader.string(message, 'name');
  const toolName = (role.toLowerCase() === 'tool' && (name || calledName(asked, toolCallId))) || undefined;
  const called = { thinking, tool_calls: toolCalls, tool_call_id: toolCallId || undefined };
  const content = message['content'];
  if (typeof content === 'string') {
    messages.push({ role, content, ...called, tool_name: toolName });
  } else if (Array.isArray(content)) {
    for (const part of content) addPart(reader, role, part, messages);
    // Each part is a message of its own; the calls go with the last message there is.
    const last = messages.at(-1);
    if (last && toolCalls) Object.assign(last, called, { tool_name: toolName });
  } else if (calls !== null) {
    messages.push({ role, content: '', ...called });
  } else {
    reader.refuse(`invalid message content type: ${goTypeOf(content)}`);
  }
}

function addPart(reader: FieldReader, role: string, part: unknown, messages: NativeMessage[]): void {
  if (!isObject(part)) return reader.refuse(INVALID);
  switch (part['type']) {
    case 'text':
      reader.known(part, PART, 'content');
      if (typeof part['text'] !== 'string') return reader.refuse(INVALID);
      messages.push({ role, content: part['text'] });
      return;
    case 'image_url': {
      reader.known(part, PART, 'content');
      const image = imageOf(reader, part['image_url']);
      if (image !== null) messages.push({ role, content: '', images: [image] });
      return;
    }
    case 'input_audio':
      return reader.foreign('audio');
    case 'file':
      return reader.foreign('file');
    default:
      return reader.refuse(INVALID);
  }
}

function imageOf(reader: FieldReader, holder: unknown): string | null {
  const url = isObject(holder) ? holder['url'] : holder;
  if (typeof url !== 'string') {
    reader.refuse(INVALID);
    return null;
  }
  const image = readImageUrl(url);
  switch (image.kind) {
    case 'data':
      return image.base64;
    case 'remote':
      reader.refuse('image URLs are not currently supported, please use base64 encoded data instead');
      return null;
    case 'invalid':
      reader.refuse('invalid image input');
      return null;
  }
}

/** Null when the message has no field for calls: only then must it have content. */
function toolCallsOf(reader: FieldReader, message: JsonObject): NativeCall[] | null {
  return (
    reader.objects(message, 'tool_calls')?.map((call) => {
      reader.known(call, CALL, 'tool_calls');
      const called = reader.object(call, 'function') ?? {};
      reader.checkStrings(call, 'type');
      if (!Number.isInteger(call['index'] ?? 0)) reader.refuse('json: cannot unmarshal field index into type int');
      return {
        id: reader.string(call, 'id') || undefined,
        function: {
          index: 0,
          name: reader.string(called, 'name'),
          arguments: argumentsOf(reader, reader.string(called, 'arguments')),
        },
      };
    }) ?? null
  );
}

/** Arguments are an object that was printed into a string. */
export function argumentsOf(reader: FieldReader, json: string, message = 'invalid tool call arguments'): RawJson {
  try {
    if (isObject(JSON.parse(json))) return new RawJson(json);
  } catch {
    // Not JSON, which is refused like JSON that is no object.
  }
  reader.refuse(message);
  return new RawJson('{}');
}

/** The name of the latest call with this id. */
function calledName(asked: readonly JsonObject[], id: string): string {
  if (id === '') return '';
  for (const message of asked.toReversed()) {
    const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
    const found = calls.filter(isObject).find((call) => call['id'] === id);
    const called = found && isObject(found['function']) ? found['function']['name'] : undefined;
    if (found) return typeof called === 'string' ? called : '';
  }
  return '';
}

const INVALID = 'invalid message format';

function goTypeOf(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'number') return 'float64';
  return typeof value === 'boolean' ? 'bool' : 'map[string]interface {}';
}
