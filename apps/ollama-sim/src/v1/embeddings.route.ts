import type { SimServer } from '../engine/server.js';
import type { Shape } from '../go/typed-fields.js';
import { number, readFields, struct, text } from '../http/body.js';
import { sendJsonLine } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { inputsOf } from '../native/embed.route.js';
import { serveEmbed } from '../native/serve-embed.js';
import { refuse, translateError } from './openai-error.js';

const SHAPE: Shape = { model: 'string', input: 'any', dimensions: 'int', encoding_format: 'string' };

function encoded(vector: readonly number[], format: string): readonly number[] | string {
  if (format !== 'base64') return vector;
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}

/** POST /v1/embeddings */
export function openAiEmbeddingsRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('EmbedRequest', 'openai.EmbedRequest'));
    if (body.kind === 'missing') return refuse(res, 400, 'EOF');
    if (body.kind === 'invalid') return refuse(res, 400, body.message);
    const { fields } = body;
    const format = text(fields, 'encoding_format').toLowerCase();
    if (!['', 'float', 'base64'].includes(format)) {
      const words = `Invalid value for 'encoding_format' = ${text(fields, 'encoding_format')}. Supported values: ['float', 'base64'].`;
      return refuse(res, 400, words);
    }
    if (fields.input === undefined) return refuse(res, 400, 'invalid input');
    const inputs = fields.input === '' ? [''] : inputsOf(fields.input);
    if (inputs === null) return refuse(res, 400, 'invalid input type');
    const model = text(fields, 'model');
    const dimensions = number(fields, 'dimensions') ?? 0;
    const request = { model, inputs, options: {}, keepAliveNs: null, truncate: null, dimensions };
    const missing = { status: 404, message: "model '' not found" };
    return serveEmbed(server, res, request, missing, (reply) => {
      if (reply.kind === 'fault') return translateError(res, reply.status, reply.message);
      const tokens = reply.final.promptTokens;
      return sendJsonLine(res, 200, {
        object: 'list',
        data: reply.vectors.map((vector, index) => ({
          object: 'embedding',
          embedding: encoded(vector, format),
          index,
        })),
        model,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      });
    });
  };
}
