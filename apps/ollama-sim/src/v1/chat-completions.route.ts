import type { SimServer } from '../engine/server.js';
import type { Shape } from '../go/typed-fields.js';
import { flag, list, readFields, record, struct, text } from '../http/body.js';
import type { Handler } from '../http/router.js';
import { serveChat } from '../native/serve-chat.js';
import { OpenAiChatWriter } from './openai-chat-writer.js';
import { refuse } from './openai-error.js';
import { openAiMessages } from './openai-messages.js';
import { openAiFormat, openAiOptions, openAiThink } from './openai-options.js';

const SHAPE: Shape = {
  model: 'string',
  messages: '[]openai.Message',
  stream: 'bool',
  stream_options: 'any',
  max_tokens: 'int',
  seed: 'int',
  stop: 'any',
  temperature: 'float64',
  frequency_penalty: 'float64',
  presence_penalty: 'float64',
  top_p: 'float64',
  response_format: 'any',
  tools: '[]api.Tool',
  reasoning: 'any',
  reasoning_effort: 'string',
};

/** POST /v1/chat/completions */
export function chatCompletionsRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('ChatCompletionRequest', 'openai.ChatCompletionRequest'));
    if (body.kind === 'missing') return refuse(res, 400, 'EOF');
    if (body.kind === 'invalid') return refuse(res, 400, body.message);
    const { fields } = body;
    if (list(fields, 'messages').length === 0) return refuse(res, 400, "[] is too short - 'messages'");
    const messages = openAiMessages(list(fields, 'messages'));
    if (!messages.ok) return refuse(res, 400, messages.message);
    const think = openAiThink(fields);
    if (!think.ok) return refuse(res, 400, think.message);
    const model = text(fields, 'model');
    const stream = flag(fields, 'stream') ?? false;
    const usage = record(fields, 'stream_options').include_usage === true;
    const request = {
      model,
      messages: messages.value,
      tools: list(fields, 'tools'),
      format: openAiFormat(fields),
      options: openAiOptions(fields),
      keepAliveNs: null,
      stream,
      think: think.value,
      relaxThink: false,
      truncate: null,
      shift: null,
      renderOnly: false,
    };
    return serveChat(server, res, request, new OpenAiChatWriter(res, { model, stream, usage }));
  };
}
