import type { SimServer } from '../engine/server.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { flag, list, readFields, record, struct, text } from '../http/body.js';
import { sendError } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { imageFault, keepAliveOf, topLogprobsFault, type Parsed } from './chat-request.js';
import { remoteOf } from './chat.route.js';
import { NativeWriter } from './native-writer.js';
import { serveGenerate, type GenerateRequest } from './serve-generate.js';
import { parseThink } from './think.js';

const NAME = struct('.GenerateRequest', 'struct { *api.GenerateRequest; Think json.RawMessage "json:\\"think\\"" }');

const SHAPE: Shape = {
  model: 'string',
  prompt: 'string',
  suffix: 'string',
  system: 'string',
  template: 'string',
  context: '[]int',
  stream: 'bool',
  raw: 'bool',
  format: 'any',
  keep_alive: 'any',
  images: '[]api.ImageData',
  options: 'map[string]interface {}',
  think: 'any',
  truncate: 'bool',
  shift: 'bool',
  _debug_render_only: 'bool',
  logprobs: 'bool',
  top_logprobs: 'int',
};

/** A request out of fields that were checked before. */
export function parseGenerate(fields: Fields): Parsed<GenerateRequest> {
  const keepAlive = keepAliveOf(fields);
  if ('message' in keepAlive) return { ok: false, message: keepAlive.message };
  const images = list(fields, 'images');
  const fault = imageFault(images) ?? topLogprobsFault(fields);
  if (fault !== null) return { ok: false, message: fault };
  return {
    ok: true,
    request: {
      model: text(fields, 'model'),
      prompt: text(fields, 'prompt'),
      suffix: text(fields, 'suffix'),
      system: text(fields, 'system'),
      raw: flag(fields, 'raw') ?? false,
      template: text(fields, 'template'),
      context: list(fields, 'context').filter((each): each is number => typeof each === 'number'),
      images: images.length,
      format: fields.format,
      options: record(fields, 'options'),
      keepAliveNs: keepAlive.ns,
      stream: flag(fields, 'stream') ?? true,
      think: parseThink(fields.think),
      truncate: flag(fields, 'truncate'),
      shift: flag(fields, 'shift'),
      renderOnly: flag(fields, '_debug_render_only') ?? false,
    },
  };
}

/** POST /api/generate */
export function generateRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, NAME);
    if (body.kind === 'missing') return sendError(res, 400, 'missing request body');
    if (body.kind === 'invalid') return sendError(res, 400, body.message);
    const parsed = parseGenerate(body.fields);
    if (!parsed.ok) return sendError(res, 400, parsed.message);
    const { model, stream } = parsed.request;
    const writer = new NativeWriter(res, { kind: 'generate', model, stream, remote: remoteOf(server, model) });
    return serveGenerate(server, res, parsed.request, writer);
  };
}
