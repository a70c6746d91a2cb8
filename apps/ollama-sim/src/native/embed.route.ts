import type { SimServer } from '../engine/server.js';
import type { Shape } from '../go/typed-fields.js';
import { flag, number, readFields, record, struct, text } from '../http/body.js';
import { sendError, sendJson } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { keepAliveOf } from './chat-request.js';
import { serveEmbed } from './serve-embed.js';

const EMBED_SHAPE: Shape = {
  model: 'string',
  input: 'any',
  keep_alive: 'any',
  truncate: 'bool',
  dimensions: 'int',
  options: 'map[string]interface {}',
};

const EMBEDDINGS_SHAPE: Shape = {
  model: 'string',
  prompt: 'string',
  keep_alive: 'any',
  options: 'map[string]interface {}',
};

/** A text, or a list of texts; null when it is neither. */
export function inputsOf(input: unknown): string[] | null {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || !input.every((each): each is string => typeof each === 'string')) return null;
  return input;
}

/** POST /api/embed */
export function embedRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, EMBED_SHAPE, struct('EmbedRequest', 'api.EmbedRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const { fields } = body;
    const keepAlive = keepAliveOf(fields);
    if ('message' in keepAlive) return sendError(res, 400, keepAlive.message);
    const inputs = inputsOf(fields.input);
    if (inputs === null) return sendError(res, 400, 'invalid input type');
    const request = {
      model: text(fields, 'model'),
      inputs,
      options: record(fields, 'options'),
      keepAliveNs: keepAlive.ns,
      truncate: flag(fields, 'truncate'),
      dimensions: number(fields, 'dimensions') ?? 0,
    };
    const missing = { status: 404, message: "model '' not found" };
    return serveEmbed(server, res, request, missing, (reply) => {
      if (reply.kind === 'fault') return sendError(res, reply.status, reply.message);
      const { final, vectors } = reply;
      const measured = inputs.length > 0;
      return sendJson(res, 200, {
        model: request.model,
        embeddings: vectors,
        total_duration: measured ? final.totalNs : undefined,
        load_duration: measured ? final.loadNs : undefined,
        prompt_eval_count: final.promptTokens || undefined,
      });
    });
  };
}

/** POST /api/embeddings, the older form: one text, no counts. */
export function embeddingsRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, EMBEDDINGS_SHAPE, struct('EmbeddingRequest', 'api.EmbeddingRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const keepAlive = keepAliveOf(body.fields);
    if ('message' in keepAlive) return sendError(res, 400, keepAlive.message);
    const request = {
      model: text(body.fields, 'model'),
      inputs: inputsOf(text(body.fields, 'prompt')) ?? [],
      options: record(body.fields, 'options'),
      keepAliveNs: keepAlive.ns,
      truncate: null,
      dimensions: 0,
    };
    const missing = { status: 400, message: 'model is required' };
    return serveEmbed(server, res, request, missing, (reply) => {
      // This route has no status of its own for what a runner refuses.
      if (reply.kind === 'fault') return sendError(res, reply.status === 501 ? 500 : reply.status, reply.message);
      return sendJson(res, 200, { embedding: reply.vectors[0] ?? [] });
    });
  };
}
