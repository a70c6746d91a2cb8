import type { SimServer } from '../engine/server.js';
import type { Shape } from '../go/typed-fields.js';
import { flag, readFields, record, struct, text } from '../http/body.js';
import type { Handler } from '../http/router.js';
import { serveGenerate } from '../native/serve-generate.js';
import { OpenAiCompletionWriter } from './openai-completion-writer.js';
import { refuse } from './openai-error.js';
import { openAiOptions } from './openai-options.js';

const SHAPE: Shape = {
  model: 'string',
  prompt: 'string',
  suffix: 'string',
  stream: 'bool',
  stream_options: 'any',
  max_tokens: 'int',
  seed: 'int',
  stop: 'any',
  temperature: 'float64',
  frequency_penalty: 'float64',
  presence_penalty: 'float64',
  top_p: 'float64',
};

/** POST /v1/completions */
export function completionsRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('CompletionRequest', 'openai.CompletionRequest'));
    if (body.kind === 'missing') return refuse(res, 400, 'EOF');
    if (body.kind === 'invalid') return refuse(res, 400, body.message);
    const { fields } = body;
    const model = text(fields, 'model');
    const stream = flag(fields, 'stream') ?? false;
    const usage = record(fields, 'stream_options').include_usage === true;
    const request = {
      model,
      prompt: text(fields, 'prompt'),
      suffix: text(fields, 'suffix'),
      system: '',
      raw: false,
      template: '',
      context: [],
      images: 0,
      format: undefined,
      options: openAiOptions(fields),
      keepAliveNs: null,
      stream,
      think: null,
      truncate: null,
      shift: null,
      renderOnly: false,
    };
    return serveGenerate(server, res, request, new OpenAiCompletionWriter(res, { model, stream, usage }));
  };
}
