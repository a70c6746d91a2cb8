import type { ChatMessage } from '@rightsize/ollama-model';
import { goJson } from '../go/json-text.js';
import { nativeMessage } from '../native/chat-request.js';

export type Translated<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

type Json = Readonly<Record<string, unknown>>;

function goTypeOf(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'number') return 'float64';
  return typeof value === 'boolean' ? 'bool' : 'map[string]interface {}';
}

/** One part of a message's content: each becomes a message of its own, as on the real server. */
function partMessage(role: string, part: unknown): Translated<ChatMessage> {
  const fields = (typeof part === 'object' && part !== null ? part : {}) as Json;
  if (fields.type === 'text' && typeof fields.text === 'string') {
    return { ok: true, value: { role, content: fields.text } };
  }
  if (fields.type === 'image_url') {
    const holder = fields.image_url;
    const url = typeof holder === 'string' ? holder : ((holder ?? {}) as Json).url;
    if (typeof url !== 'string') return { ok: false, message: 'invalid message format' };
    if (/^https?:/.test(url)) {
      return { ok: false, message: 'image URLs are not currently supported, please use base64 encoded data instead' };
    }
    const known = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,/.test(url);
    return known
      ? { ok: true, value: { role, content: '', images: 1 } }
      : { ok: false, message: 'invalid image input' };
  }
  if (fields.type === 'input_audio') return { ok: true, value: { role, content: '', images: 1 } };
  return { ok: false, message: 'invalid message format' };
}

/** OpenAI's messages in Ollama's form. */
export function openAiMessages(messages: readonly unknown[]): Translated<ChatMessage[]> {
  const translated: ChatMessage[] = [];
  for (const each of messages) {
    const message = (each ?? {}) as Json;
    const role = typeof message.role === 'string' ? message.role.toLowerCase() : '';
    if (typeof message.content === 'string') {
      translated.push(nativeMessage(message));
    } else if (Array.isArray(message.content)) {
      for (const part of message.content) {
        const one = partMessage(role, part);
        if (!one.ok) return one;
        translated.push(one.value);
      }
    } else if (Array.isArray(message.tool_calls)) {
      translated.push({ role, content: '', toolCalls: goJson(message.tool_calls) });
    } else {
      return { ok: false, message: `invalid message content type: ${goTypeOf(message.content)}` };
    }
  }
  return { ok: true, value: translated };
}
