import { parseModelName, shortName } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { goTime } from '../go/times.js';
import { flag, readFields, struct, text } from '../http/body.js';
import { sendEmpty, sendError, sendJson } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { findModel } from './find-model.js';
import { details, listedModel, modelInfo, modelfileText, parameterText } from './model-details.js';

/** GET and HEAD /api/tags */
export function tagsRoute(server: SimServer): Handler {
  return ({ res }) => sendJson(res, 200, { models: server.store.list().map(listedModel) });
}

/** A keep-alive of for ever is the longest duration that Go knows, some 292 years. */
const FOR_EVER_MS = 2 ** 63 / 1e6;

function wallMsLeft(server: SimServer, expiresAtNs: number): number {
  return expiresAtNs === Infinity ? FOR_EVER_MS : server.time.wallMsUntil(expiresAtNs);
}

/** GET /api/ps: what is loaded, longest to stay first. A model that is still loading is not there yet. */
export function psRoute(server: SimServer): Handler {
  return ({ res }) => {
    server.time.now();
    const runners = server.machine.runners().sort((a, b) => (a.expiresAtNs > b.expiresAtNs ? -1 : 1));
    const models = runners.map(({ model, bytes, vramBytes, options, expiresAtNs }) => ({
      name: model.name,
      model: model.name,
      size: Math.round(bytes),
      digest: model.digest,
      details: { ...details(model), parent_model: '' },
      expires_at: goTime(Date.now() + wallMsLeft(server, expiresAtNs)),
      size_vram: Math.round(vramBytes),
      context_length: options.numCtx,
    }));
    return sendJson(res, 200, { models });
  };
}

const SHOW_SHAPE: Shape = {
  model: 'string',
  name: 'string',
  system: 'string',
  template: 'string',
  verbose: 'bool',
  options: 'map[string]interface {}',
};

export type Shown =
  | { readonly kind: 'shown'; readonly body: object; readonly modifiedAtMs: number }
  | { readonly kind: 'fault'; readonly status: number; readonly message: string };

export function showModel(server: SimServer, name: string, verbose: boolean): Shown {
  const found = findModel(server, name, '/api/show', { status: 400, message: 'model is required' });
  if (found.kind === 'fault') {
    const parsed = parseModelName(name);
    const message = found.status === 404 && parsed !== null ? `model '${shortName(parsed)}' not found` : found.message;
    return { ...found, message };
  }
  const { model } = found;
  const local = model.remote === null;
  const body = {
    license: model.license || undefined,
    modelfile: modelfileText(model),
    parameters: parameterText(model) || undefined,
    template: model.template || undefined,
    system: model.system || undefined,
    details: details(model),
    remote_model: model.remote?.model,
    remote_host: model.remote?.host,
    model_info: modelInfo(model, verbose),
    tensors:
      verbose && local
        ? [{ name: 'token_embd.weight', type: 'Q4_K', shape: [model.embeddingLength, model.vocabulary] }]
        : undefined,
    capabilities: model.capabilities,
    modified_at: goTime(model.modifiedAtMs),
  };
  return { kind: 'shown', body, modifiedAtMs: model.modifiedAtMs };
}

/** POST /api/show */
export function showRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHOW_SHAPE, struct('ShowRequest', 'api.ShowRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const name = text(body.fields, 'model') || text(body.fields, 'name');
    const shown = showModel(server, name, flag(body.fields, 'verbose') ?? false);
    if (shown.kind === 'fault') return sendError(res, shown.status, shown.message);
    return sendJson(res, 200, shown.body);
  };
}

/** POST /api/copy */
export function copyRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const shape: Shape = { source: 'string', destination: 'string' };
    const body = await readFields(req, shape, struct('CopyRequest', 'api.CopyRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const [source, destination] = [text(body.fields, 'source'), text(body.fields, 'destination')];
    const from = parseModelName(source);
    if (from === null) return sendError(res, 400, `source ${JSON.stringify(source)} is invalid`);
    const to = parseModelName(destination);
    if (to === null) return sendError(res, 400, `destination ${JSON.stringify(destination)} is invalid`);
    const model = server.store.find(from);
    if (model === null) return sendError(res, 404, `model ${JSON.stringify(source)} not found`);
    server.store.copy(model, to, Date.now());
    return sendEmpty(res, 200);
  };
}

function namedModel(fields: Fields): string {
  return text(fields, 'model') || text(fields, 'name');
}

/** DELETE /api/delete: the name goes; a runner that is loaded stays until it expires. */
export function deleteRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const shape: Shape = { model: 'string', name: 'string' };
    const body = await readFields(req, shape, struct('DeleteRequest', 'api.DeleteRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const name = namedModel(body.fields);
    if (name === '') return sendError(res, 400, 'model is required');
    const parsed = parseModelName(name);
    if (parsed === null) return sendError(res, 400, `name ${JSON.stringify(name)} is invalid`);
    if (!server.store.delete(parsed)) return sendError(res, 404, `model '${name}' not found`);
    return sendEmpty(res, 200);
  };
}
