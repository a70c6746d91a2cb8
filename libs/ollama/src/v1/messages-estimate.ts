import { goJson } from '../go-json.js';
import { isObject, list, text, type JsonObject } from '../json-field.js';
import type { V1Body } from './v1-body.js';

/** Input tokens as Ollama puts them into a stream's first event: a quarter of the bytes, before anything was counted. */
export function estimateTokens({ fields, text: written }: V1Body): number {
  let bytes = contentBytes(fields['system'] ?? null);
  for (const message of list(fields['messages']).filter(isObject)) {
    bytes += Buffer.byteLength(text(message['role'])) + contentBytes(message['content'] ?? null);
  }
  const tools = written.member('tools')?.items;
  list(fields['tools']).forEach((tool, at) => {
    const { name, description } = isObject(tool) ? tool : {};
    const schema = tools?.[at]?.member('input_schema')?.toString() ?? '';
    bytes += Buffer.byteLength(text(name)) + Buffer.byteLength(text(description)) + Buffer.byteLength(schema);
  });
  return Math.max(1, Math.floor(bytes / 4));
}

function contentBytes(content: unknown): number {
  if (content === null) return 0;
  if (typeof content === 'string') return Buffer.byteLength(content);
  if (!Array.isArray(content)) return Buffer.byteLength(goJson(content));
  return content.filter(isObject).reduce((sum, block) => sum + blockBytes(block), 0);
}

function blockBytes(block: JsonObject): number {
  const bytes = Buffer.byteLength(text(block['text'])) + Buffer.byteLength(text(block['thinking']));
  const isCall = block['type'] === 'tool_use' || block['type'] === 'tool_result';
  return isCall ? bytes + Buffer.byteLength(goJson(printed(block))) : bytes;
}

/** A call or its result as the server would print it. */
function printed(block: JsonObject): object {
  return {
    type: block['type'],
    text: block['text'] ?? undefined,
    id: text(block['id']) || undefined,
    name: text(block['name']) || undefined,
    input: block['input'],
    tool_use_id: text(block['tool_use_id']) || undefined,
    content: block['content'] ?? undefined,
    is_error: block['is_error'] === true ? true : undefined,
    thinking: block['thinking'] ?? undefined,
    signature: text(block['signature']) || undefined,
  };
}
