import { parseModelName } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { readFields, struct } from '../http/body.js';
import { sendError } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { CHAT_SHAPE, parseChat } from './chat-request.js';
import { NativeWriter } from './native-writer.js';
import { serveChat } from './serve-chat.js';

const NAME = struct('.ChatRequest', 'struct { *api.ChatRequest; Think json.RawMessage "json:\\"think\\"" }');

/** Where a model's requests really run; null for those that run here. */
export function remoteOf(server: SimServer, name: string): { readonly host: string; readonly model: string } | null {
  const parsed = parseModelName(name);
  return parsed === null ? null : (server.store.find(parsed)?.remote ?? null);
}

/** POST /api/chat */
export function chatRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, CHAT_SHAPE, NAME);
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const parsed = parseChat(body.fields);
    if (!parsed.ok) return sendError(res, 400, parsed.message);
    const { model, stream } = parsed.request;
    const writer = new NativeWriter(res, { kind: 'chat', model, stream, remote: remoteOf(server, model) });
    return serveChat(server, res, parsed.request, writer);
  };
}
