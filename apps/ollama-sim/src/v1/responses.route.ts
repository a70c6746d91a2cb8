import type { ChatMessage } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { goJson } from '../go/json-text.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { flag, list, number, readFields, record, struct, text } from '../http/body.js';
import type { Handler } from '../http/router.js';
import { serveChat } from '../native/serve-chat.js';
import { refuse } from './openai-error.js';
import { openAiThink } from './openai-options.js';
import { ResponsesWriter } from './responses-writer.js';

const SHAPE: Shape = {
  model: 'string',
  input: 'any',
  instructions: 'string',
  max_output_tokens: 'int',
  stream: 'bool',
  temperature: 'float64',
  top_p: 'float64',
  tools: '[]api.Tool',
  text: 'any',
  reasoning: 'any',
  truncation: 'string',
};

const CODE = 'invalid_request_error';

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => text((part ?? {}) as Fields, 'text')).join('');
}

/** One input item in Ollama's form. */
function inputMessage(item: Fields): ChatMessage {
  if (item.type === 'function_call_output') return { role: 'tool', content: contentText(item.output) };
  if (item.type === 'function_call') {
    const call = { function: { name: item.name, arguments: item.arguments } };
    return { role: 'assistant', content: '', toolCalls: goJson([call]) };
  }
  const role = text(item, 'role');
  const images = list(item, 'content').filter((part) => ((part ?? {}) as Fields).type === 'input_image').length;
  return { role: role === 'developer' ? 'system' : role, content: contentText(item.content), images };
}

function messagesOf(fields: Fields): ChatMessage[] {
  const instructions = text(fields, 'instructions');
  const before: ChatMessage[] = instructions === '' ? [] : [{ role: 'system', content: instructions }];
  if (typeof fields.input === 'string') return [...before, { role: 'user', content: fields.input }];
  return [...before, ...list(fields, 'input').map((item) => inputMessage((item ?? {}) as Fields))];
}

/** OpenAI's flat tool definitions in the nested form of chats. */
function nestedTools(fields: Fields): unknown[] {
  return list(fields, 'tools').flatMap((each) => {
    const { type, name, description, parameters } = (each ?? {}) as Fields;
    return type === 'function' ? [{ type, function: { name, description, parameters } }] : [];
  });
}

function formatOf(fields: Fields): unknown {
  const format = (record(fields, 'text').format ?? {}) as Fields;
  if (format.type === 'json_object') return 'json';
  return format.type === 'json_schema' ? format.schema : undefined;
}

/** POST /v1/responses */
export function responsesRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('ResponsesRequest', 'openai.ResponsesRequest'));
    if (body.kind === 'missing') return refuse(res, 400, 'missing request body', CODE);
    if (body.kind === 'invalid') return refuse(res, 400, body.message, CODE);
    const { fields } = body;
    const model = text(fields, 'model');
    if (model === '') return refuse(res, 400, 'model is required', CODE);
    const messages = messagesOf(fields);
    if (messages.length === 0) return refuse(res, 400, 'input is required', CODE);
    const think = openAiThink(fields);
    if (!think.ok) return refuse(res, 400, think.message);
    const stream = flag(fields, 'stream') ?? false;
    const temperature = number(fields, 'temperature') ?? 1;
    const topP = number(fields, 'top_p') ?? 1;
    const maxOutputTokens = number(fields, 'max_output_tokens');
    const options = { temperature, top_p: topP, ...(maxOutputTokens === null ? {} : { num_predict: maxOutputTokens }) };
    const writer = new ResponsesWriter(res, {
      model,
      stream,
      instructions: text(fields, 'instructions') || null,
      maxOutputTokens,
      temperature,
      topP,
      tools: list(fields, 'tools'),
      truncation: text(fields, 'truncation') || 'disabled',
    });
    const request = {
      model,
      messages,
      tools: nestedTools(fields),
      format: formatOf(fields),
      options,
      keepAliveNs: null,
      stream,
      think: think.value,
      relaxThink: false,
      truncate: null,
      shift: null,
      renderOnly: false,
    };
    return serveChat(server, res, request, writer);
  };
}
