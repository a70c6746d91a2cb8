import type { ChatMessage } from '@rightsize/ollama-model';
import type { Fields, Shape } from '../go/typed-fields.js';
import { parseKeepAlive } from '../go/times.js';
import { goJson } from '../go/json-text.js';
import { flag, list, record, text } from '../http/body.js';
import { parseThink, type Think } from './think.js';

/** A chat, whatever dialect it came in. */
export interface ChatRequest {
  /** As the client spelt it. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly unknown[];
  readonly format: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  /** Nanoseconds; null: absent. */
  readonly keepAliveNs: number | null;
  readonly stream: boolean;
  readonly think: Think;
  /** A model that cannot think is asked anyway and just does not. */
  readonly relaxThink: boolean;
  readonly truncate: boolean | null;
  readonly shift: boolean | null;
  readonly renderOnly: boolean;
}

export const CHAT_SHAPE: Shape = {
  model: 'string',
  messages: '[]api.Message',
  stream: 'bool',
  format: 'any',
  keep_alive: 'any',
  tools: '[]api.Tool',
  options: 'map[string]interface {}',
  think: 'any',
  truncate: 'bool',
  shift: 'bool',
  _debug_render_only: 'bool',
  logprobs: 'bool',
  top_logprobs: 'int',
};

export type Parsed<T> = { readonly ok: true; readonly request: T } | { readonly ok: false; readonly message: string };

/** One message out of JSON that was checked before. */
export function nativeMessage(value: unknown): ChatMessage {
  const fields = (value ?? {}) as Fields;
  const calls = list(fields, 'tool_calls');
  return {
    role: text(fields, 'role').toLowerCase(),
    content: text(fields, 'content'),
    thinking: text(fields, 'thinking'),
    toolCalls: calls.length === 0 ? '' : goJson(calls),
    images: list(fields, 'images').length,
  };
}

/** `keep_alive` in nanoseconds, null when absent, or what is wrong with it. */
export function keepAliveOf(fields: Fields): { readonly ns: number | null } | { readonly message: string } {
  if (fields.keep_alive === undefined) return { ns: null };
  const parsed = parseKeepAlive(fields.keep_alive);
  return parsed.ok ? { ns: parsed.ns } : { message: parsed.message };
}

/** Images are base64 text; Go's decoder names the first byte that is not. */
export function imageFault(images: readonly unknown[]): string | null {
  for (const image of images) {
    const at = typeof image === 'string' ? image.search(/[^A-Za-z0-9+/=\r\n]/) : -1;
    if (at >= 0) return `illegal base64 data at input byte ${at}`;
  }
  return null;
}

export function topLogprobsFault(fields: Fields): string | null {
  const top = fields.top_logprobs;
  return typeof top === 'number' && (top < 0 || top > 20) ? 'top_logprobs must be between 0 and 20' : null;
}

export function parseChat(fields: Fields): Parsed<ChatRequest> {
  const keepAlive = keepAliveOf(fields);
  if ('message' in keepAlive) return { ok: false, message: keepAlive.message };
  const images = list(fields, 'messages').flatMap((each) => list((each ?? {}) as Fields, 'images'));
  const fault = imageFault(images) ?? topLogprobsFault(fields);
  if (fault !== null) return { ok: false, message: fault };
  return {
    ok: true,
    request: {
      model: text(fields, 'model'),
      messages: list(fields, 'messages').map(nativeMessage),
      tools: list(fields, 'tools'),
      format: fields.format,
      options: record(fields, 'options'),
      keepAliveNs: keepAlive.ns,
      stream: flag(fields, 'stream') ?? true,
      think: parseThink(fields.think),
      relaxThink: false,
      truncate: flag(fields, 'truncate'),
      shift: flag(fields, 'shift'),
      renderOnly: flag(fields, '_debug_render_only') ?? false,
    },
  };
}
