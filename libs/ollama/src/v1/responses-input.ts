import { RawJson } from '../go-json.js';
import { isObject, type JsonObject } from '../json-field.js';
import { argumentsOf } from './chat-messages.js';
import { readImageUrl } from './data-url.js';
import type { FieldReader } from './field-reader.js';
import { unlessEmpty, type NativeCall, type NativeMessage } from './native-body.js';

const MESSAGE = new Set(['type', 'role', 'content', 'id', 'status', 'phase']);
const CALL = new Set(['type', 'id', 'call_id', 'name', 'namespace', 'arguments', 'status']);
const OUTPUT = new Set(['type', 'id', 'call_id', 'name', 'namespace', 'output', 'status']);
const REASONING = new Set(['type', 'id', 'summary', 'encrypted_content', 'content', 'status']);
const PART = new Set('type text detail file_id image_url annotations logprobs encrypted_content'.split(' '));

/** The input of a response, a text or a list of items, in Ollama's form. */
export function inputMessages(reader: FieldReader, { input }: JsonObject): NativeMessage[] {
  if (typeof input === 'string') return input === '' ? [] : [{ role: 'user', content: input }];
  if (!Array.isArray(input)) {
    reader.refuse(input === undefined || input === null ? 'input is required' : 'input must be a string or array');
    return [];
  }
  const reading = new InputReading(reader);
  const items = input.map((item) => (isObject(item) ? item : {}));
  items.forEach((item, at) => reading.add(item, items[at + 1]));
  return reading.end();
}

/** Items that belong together become one message: thoughts with what was said or called after them, calls with each other. */
class InputReading {
  readonly #reader: FieldReader;
  readonly #messages: NativeMessage[] = [];
  #thought = '';

  constructor(reader: FieldReader) {
    this.#reader = reader;
  }

  add(item: JsonObject, next: JsonObject | undefined): void {
    const reader = this.#reader;
    const type = reader.string(item, 'type') || (reader.string(item, 'role') === '' ? '' : 'message');
    switch (type) {
      case 'message':
        return this.#message(item, next);
      case 'function_call':
        return this.#call(item);
      case 'function_call_output':
        return this.#output(item);
      case 'reasoning':
        reader.known(item, REASONING, 'input');
        reader.checkStrings(item, 'id');
        for (const part of reader.objects(item, 'summary') ?? []) reader.checkStrings(part, 'type', 'text');
        this.#thought = reader.string(item, 'encrypted_content');
        return;
      case '':
        return reader.refuse("input item missing required 'type' field");
      default:
        // Searches of the server's own, agents, compaction; or what nobody knew when this was written.
        return reader.foreign('item');
    }
  }

  /** With thoughts that nothing followed. */
  end(): NativeMessage[] {
    if (this.#thought !== '') this.#messages.push({ role: 'assistant', content: '', thinking: this.#thought });
    return this.#messages;
  }

  #message(item: JsonObject, next: JsonObject | undefined): void {
    const reader = this.#reader;
    reader.known(item, MESSAGE, 'input');
    const role = reader.string(item, 'role');
    const { content, images } = contentOf(reader, item['content'], 'content');
    const thinking = role === 'assistant' ? this.#takeThought() : undefined;
    const last = this.#messages.at(-1);
    // Said between a call and its output: it must not part the two.
    if (role === 'assistant' && last?.role === 'assistant' && answers(next, last)) {
      last.content += `${last.content !== '' && content !== '' ? '\n' : ''}${content}`;
      last.images = unlessEmpty([...(last.images ?? []), ...images]);
      last.thinking = thinking ?? last.thinking;
      return;
    }
    this.#messages.push({ role, content, thinking, images: unlessEmpty(images) });
  }

  #call(item: JsonObject): void {
    const reader = this.#reader;
    reader.known(item, CALL, 'input');
    reader.checkStrings(item, 'id');
    if (reader.string(item, 'namespace') !== '') reader.foreign('namespace');
    const json = reader.string(item, 'arguments');
    const call: NativeCall = {
      id: reader.string(item, 'call_id') || undefined,
      function: {
        index: 0,
        name: reader.string(item, 'name'),
        arguments:
          json === '' ? new RawJson('{}') : argumentsOf(reader, json, 'failed to parse function call arguments'),
      },
    };
    const last = this.#messages.at(-1);
    const thinking = this.#takeThought();
    if (last?.role === 'assistant') {
      last.tool_calls = [...(last.tool_calls ?? []), call];
      last.thinking = thinking ?? last.thinking;
    } else {
      this.#messages.push({ role: 'assistant', content: '', thinking, tool_calls: [call] });
    }
  }

  #output(item: JsonObject): void {
    const reader = this.#reader;
    reader.known(item, OUTPUT, 'input');
    reader.checkStrings(item, 'id');
    if (reader.string(item, 'namespace') !== '') reader.foreign('namespace');
    const id = reader.string(item, 'call_id');
    const name = reader.string(item, 'name');
    const isStandalone = (item['call_id'] ?? null) === null;
    if (isStandalone && name.trim() === '') reader.refuse('standalone function output is missing name');
    if (!isStandalone && id.trim() === '') reader.refuse('function output call_id must not be empty');
    const { content, images } = contentOf(reader, item['output'], 'output');
    this.#messages.push({
      role: 'tool',
      content,
      images: unlessEmpty(images),
      tool_call_id: id || undefined,
      tool_name: isStandalone ? name : undefined,
    });
  }

  #takeThought(): string | undefined {
    const thought = this.#thought || undefined;
    this.#thought = '';
    return thought;
  }
}

/** Whether an item is the output of one of a message's calls. */
function answers(item: JsonObject | undefined, { tool_calls: calls }: NativeMessage): boolean {
  if (item?.['type'] !== 'function_call_output' || !item['call_id']) return false;
  return calls?.some((call) => call.id === item['call_id']) ?? false;
}

interface Content {
  readonly content: string;
  readonly images: string[];
}

function contentOf(reader: FieldReader, given: unknown, name: string): Content {
  const images: string[] = [];
  if (typeof given === 'string') return { content: given, images };
  let content = '';
  if (given !== undefined && given !== null && !Array.isArray(given)) {
    reader.refuse(`${name} must be a string or array`);
  }
  for (const part of Array.isArray(given) ? given : []) {
    if (!isObject(part)) reader.refuse('unknown content type: ');
    else content += partText(reader, part, images);
  }
  return { content, images };
}

function partText(reader: FieldReader, part: JsonObject, images: string[]): string {
  const type = reader.string(part, 'type');
  switch (type) {
    case 'input_text':
    case 'output_text':
      reader.known(part, PART, 'content');
      return reader.string(part, 'text');
    case 'encrypted_content':
      return reader.string(part, 'encrypted_content');
    case 'input_image': {
      reader.known(part, PART, 'content');
      reader.checkStrings(part, 'detail', 'file_id');
      const url = reader.string(part, 'image_url');
      const image = url === '' ? null : readImageUrl(url);
      if (image?.kind === 'data') images.push(image.base64);
      else if (image !== null) reader.refuse('invalid image input');
      return '';
    }
    case 'input_file':
      reader.foreign('file');
      return '';
    default:
      reader.refuse(`unknown content type: ${type}`);
      return '';
  }
}
