import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { digestOf, parseModelName } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { goJson } from '../go/json-text.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { flag, readBody, readFields, record, struct, text } from '../http/body.js';
import { BARE_JSON_TYPE, begin, sendEmpty, sendError, sendJson } from '../http/reply.js';
import type { Handler } from '../http/router.js';

const SHAPE: Shape = {
  model: 'string',
  name: 'string',
  from: 'string',
  stream: 'bool',
  files: 'map[string]string',
  template: 'string',
  system: 'string',
  license: 'any',
  parameters: 'map[string]interface {}',
  messages: '[]api.Message',
  quantize: 'string',
};

/** Lines of progress, or only the last one; a fault is the last line, or the reply's status. */
function progress(
  res: ServerResponse,
  stream: boolean,
  lines: readonly object[],
  fault: { readonly status: number; readonly message: string } | null,
): void {
  if (!stream) {
    if (fault !== null) return sendJson(res, fault.status, { error: fault.message }, BARE_JSON_TYPE);
    return sendJson(res, 200, lines.at(-1), BARE_JSON_TYPE);
  }
  if (lines.length === 0 && fault !== null) {
    begin(res, fault.status, { 'Content-Type': BARE_JSON_TYPE });
    res.end(goJson({ error: fault.message }));
    return;
  }
  begin(res, 200, { 'Content-Type': 'application/x-ndjson' });
  const all = fault === null ? lines : [...lines, { error: fault.message }];
  res.end(all.map((line) => `${goJson(line)}\n`).join(''));
}

const NO_REGISTRY = 'dial tcp: lookup registry.ollama.ai: no such host';

function manifestFault(name: string): string {
  const parsed = parseModelName(name);
  const path = parsed === null ? name : `${parsed.namespace}/${parsed.model}/manifests/${parsed.tag}`;
  return `pull model manifest: Get "https://registry.ollama.ai/v2/${path}": ${NO_REGISTRY}`;
}

/** POST /api/create: a further name for a model that is there, with parameters of its own. */
export function createRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('CreateRequest', 'api.CreateRequest'));
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const { fields } = body;
    const name = parseModelName(text(fields, 'model') || text(fields, 'name'));
    if (name === null) return sendError(res, 400, 'invalid model name');
    const stream = flag(fields, 'stream') ?? true;
    const from = text(fields, 'from');
    if (from === '') {
      const message = "neither 'from' or 'files' was specified";
      return progress(res, stream, [], { status: 400, message });
    }
    const source = parseModelName(from);
    const model = source === null ? null : server.store.find(source);
    if (model === null) {
      const lines = stream ? [{ status: 'pulling manifest' }] : [];
      return progress(res, stream, lines, { status: 500, message: manifestFault(from) });
    }
    const created = server.store.create(model, name, changesOf(fields), Date.now());
    return progress(
      res,
      stream,
      [
        { status: `using existing layer sha256:${created.blob}` },
        ...(created.rendering === 'ollama'
          ? [{ status: `using existing layer sha256:${digestOf(created.template)}` }]
          : []),
        { status: `creating new layer sha256:${digestOf(goJson(created.parameters))}` },
        { status: 'writing manifest' },
        { status: 'success' },
      ],
      null,
    );
  };
}

function changesOf(fields: Fields) {
  const given = (name: string) => text(fields, name) || undefined;
  return {
    parameters: record(fields, 'parameters'),
    ...(given('system') === undefined ? {} : { system: text(fields, 'system') }),
    ...(given('template') === undefined ? {} : { template: text(fields, 'template') }),
    ...(given('license') === undefined ? {} : { license: text(fields, 'license') }),
  };
}

/** POST /api/pull: what is there is up to date; nothing else can be had without a registry. */
export function pullRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(
      req,
      { model: 'string', name: 'string', stream: 'bool' },
      struct('PullRequest', 'api.PullRequest'),
    );
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const asked = text(body.fields, 'model') || text(body.fields, 'name');
    const name = parseModelName(asked);
    if (name === null) return sendError(res, 400, 'invalid model name');
    const stream = flag(body.fields, 'stream') ?? true;
    const lines = [{ status: 'pulling manifest' }];
    if (server.store.find(name) !== null) {
      return progress(res, stream, [...lines, { status: 'verifying sha256 digest' }, { status: 'success' }], null);
    }
    return progress(res, stream, lines, { status: 500, message: manifestFault(asked) });
  };
}

/** POST /api/push: there is no registry to push to. */
export function pushRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(
      req,
      { model: 'string', name: 'string', stream: 'bool' },
      struct('PushRequest', 'api.PushRequest'),
    );
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const asked = text(body.fields, 'model') || text(body.fields, 'name');
    if (asked === '') return sendError(res, 400, 'model is required');
    const name = parseModelName(asked);
    const known = name !== null && server.store.find(name) !== null;
    const lines = [{ status: 'retrieving manifest' }, ...(known ? [] : [{ status: "couldn't retrieve manifest" }])];
    const path = name === null ? asked : `registry.ollama.ai/${name.namespace}/${name.model}/${name.tag}`;
    const message = known
      ? `push: ${NO_REGISTRY}`
      : `open /root/.ollama/models/manifests/${path}: no such file or directory`;
    return progress(res, flag(body.fields, 'stream') ?? true, lines, { status: 500, message });
  };
}

const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;

/** HEAD /api/blobs/:digest */
export function hasBlobRoute(server: SimServer): Handler {
  return ({ res, parameter }) => {
    if (!DIGEST.test(parameter)) return sendError(res, 400, 'invalid digest format');
    const known =
      server.blobs.has(parameter) || server.store.list().some((model) => `sha256:${model.blob}` === parameter);
    if (!known) return sendError(res, 404, `blob ${JSON.stringify(parameter)} not found`);
    begin(res, 200, {});
    res.end();
  };
}

/** POST /api/blobs/:digest: only the digest is kept. */
export function putBlobRoute(server: SimServer): Handler {
  return async ({ req, res, parameter }) => {
    const bytes = await readBody(req);
    if (!DIGEST.test(parameter)) return sendError(res, 400, 'invalid digest format');
    if (server.blobs.has(parameter)) return sendEmpty(res, 200);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    // The real server keeps what came under the digest that it has.
    server.blobs.add(digest);
    if (digest === parameter) return sendEmpty(res, 201);
    const message = `digest mismatch, expected ${JSON.stringify(parameter)}, got ${JSON.stringify(digest)}`;
    return sendError(res, 400, message);
  };
}
