import { RawJson } from '../go-json.js';
import { isObject, list, text, type JsonObject } from '../json-field.js';
import type { JsonText } from '../json-text.js';
import { isBase64 } from './data-url.js';
import type { FieldReader } from './field-reader.js';
import { unlessEmpty, type NativeCall, type NativeMessage } from './native-body.js';

const MESSAGE = new Set(['role', 'content']);
const BLOCK = new Set(
  (
    'type text citations source id name input tool_use_id content is_error thinking signature ' +
    // Not read by Ollama 0.34.4.
    'cache_control data caller'
  ).split(' '),
);

/** What the blocks of one message add up to. */
interface Gathered {
  text: string;
  thinking: string;
  readonly images: string[];
  readonly calls: NativeCall[];
  readonly results: NativeMessage[];
}

/** One of Anthropic's messages in Ollama's form; each tool result becomes a message of its own. */
export function messagesOf(reader: FieldReader, message: JsonObject, written: JsonText | undefined): NativeMessage[] {
  reader.known(message, MESSAGE, 'messages');
  const role = reader.string(message, 'role').toLowerCase();
  const gathered: Gathered = { text: '', thinking: '', images: [], calls: [], results: [] };
  const { content } = message;
  if (typeof content === 'string') {
    gathered.text = content;
  } else if (content !== null) {
    if (content === undefined) reader.refuse('unexpected end of JSON input');
    const blocks = reader.objects(message, 'content') ?? [];
    const texts = written?.member('content')?.items;
    blocks.forEach((block, at) => gather(reader, block, texts?.[at], gathered));
  }
  const { text: said, thinking, images, calls, results } = gathered;
  const isEmpty = said === '' && thinking === '' && images.length === 0 && calls.length === 0;
  const own: NativeMessage[] = isEmpty
    ? []
    : [
        {
          role,
          content: said,
          thinking: thinking || undefined,
          images: unlessEmpty(images),
          tool_calls: unlessEmpty(calls),
        },
      ];
  return role === 'user' ? [...results, ...own] : [...own, ...results];
}

function checkBlock(reader: FieldReader, block: JsonObject): void {
  reader.known(block, BLOCK, 'content');
  reader.checkStrings(block, 'text', 'id', 'name', 'tool_use_id', 'thinking', 'signature');
  reader.flag(block, 'is_error');
  reader.object(block, 'input');
  reader.objects(block, 'citations');
  reader.checkStrings(reader.object(block, 'source') ?? {}, 'type', 'media_type', 'data', 'url');
}

function gather(reader: FieldReader, block: JsonObject, written: JsonText | undefined, into: Gathered): void {
  checkBlock(reader, block);
  switch (reader.string(block, 'type')) {
    case 'text':
      into.text += reader.string(block, 'text');
      return;
    case 'image':
      into.images.push(imageOf(reader, reader.object(block, 'source'), 'invalid image source'));
      return;
    case 'tool_use':
      into.calls.push(callOf(reader, block, written));
      return;
    case 'tool_result':
      into.results.push(resultOf(reader, block));
      return;
    case 'thinking':
      // The last one counts.
      if (typeof block['thinking'] === 'string') into.thinking = block['thinking'];
      return;
    case 'redacted_thinking':
      return;
    case 'server_tool_use':
    case 'web_search_tool_result':
      return reader.foreign('web-search');
    default:
      // The server drops what it does not know; one day it may know it.
      return reader.foreign('block');
  }
}

function callOf(reader: FieldReader, block: JsonObject, written: JsonText | undefined): NativeCall {
  const id = reader.string(block, 'id');
  const name = reader.string(block, 'name');
  if (id === '') reader.refuse("tool_use block missing required 'id' field");
  if (name === '') reader.refuse("tool_use block missing required 'name' field");
  const input = reader.object(block, 'input');
  return {
    id,
    function: { index: 0, name, arguments: new RawJson(input === null ? '{}' : String(written?.member('input'))) },
  };
}

function resultOf(reader: FieldReader, block: JsonObject): NativeMessage {
  const { content } = block;
  let said = typeof content === 'string' ? content : '';
  const images: string[] = [];
  for (const part of list(content).filter(isObject)) {
    if (part['type'] === 'text') said += text(part['text']);
    else if (part['type'] === 'image') {
      const source = isObject(part['source']) ? part['source'] : null;
      images.push(imageOf(reader, source, 'invalid tool_result image source'));
    } else reader.foreign('block');
  }
  return {
    role: 'tool',
    content: said,
    images: unlessEmpty(images),
    tool_call_id: reader.string(block, 'tool_use_id') || undefined,
  };
}

function imageOf(reader: FieldReader, source: JsonObject | null, missing: string): string {
  const type = text(source?.['type']);
  const data = text(source?.['data']);
  if (source === null) reader.refuse(missing);
  else if (type !== 'base64') reader.refuse(`invalid image source type: ${type}. Only base64 images are supported.`);
  else if (!isBase64(data)) reader.refuse('invalid base64 image data');
  return data;
}
