import type { ChatMessage } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { goJson } from '../go/json-text.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { flag, list, number, readFields, record, struct, text } from '../http/body.js';
import type { Handler } from '../http/router.js';
import { serveChat } from '../native/serve-chat.js';
import type { Think } from '../native/think.js';
import { AnthropicWriter, refuseAnthropic } from './anthropic-writer.js';

const SHAPE: Shape = {
  model: 'string',
  max_tokens: 'int',
  messages: '[]anthropic.MessageParam',
  system: 'any',
  stream: 'bool',
  temperature: 'float64',
  top_p: 'float64',
  top_k: 'int',
  stop_sequences: '[]string',
  tools: '[]api.Tool',
  tool_choice: 'any',
  thinking: 'any',
  output_config: 'any',
};

function blockText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((each) => text((each ?? {}) as Fields, 'text')).join('');
}

/** One of Anthropic's messages in Ollama's form; each tool result becomes a message of its own. */
function translate(message: Fields): ChatMessage[] {
  const role = text(message, 'role').toLowerCase();
  if (typeof message.content === 'string') return [{ role, content: message.content }];
  const blocks = list(message, 'content').map((each) => (each ?? {}) as Fields);
  const of = (type: string) => blocks.filter((block) => block.type === type);
  const results = of('tool_result').map((block) => ({ role: 'tool', content: blockText(block.content) }));
  const content = blockText(of('text'));
  const calls = of('tool_use').map((block) => ({ function: { name: block.name, arguments: block.input } }));
  const images = of('image').length;
  if (content === '' && calls.length === 0 && images === 0) return results;
  return [{ role, content, toolCalls: calls.length === 0 ? '' : goJson(calls), images }, ...results];
}

function tools(fields: Fields): unknown[] {
  return list(fields, 'tools').map((each) => {
    const tool = (each ?? {}) as Fields;
    return {
      type: 'function',
      function: { name: tool.name, description: tool.description, parameters: tool.input_schema },
    };
  });
}

function thinkOf(fields: Fields): Think {
  const type = record(fields, 'thinking').type;
  if (type === 'enabled' || type === 'adaptive') return true;
  return type === 'disabled' ? false : null;
}

function optionsOf(fields: Fields): Record<string, unknown> {
  const options: Record<string, unknown> = { num_predict: fields.max_tokens };
  for (const name of ['temperature', 'top_p', 'top_k']) if (fields[name] !== undefined) options[name] = fields[name];
  if (list(fields, 'stop_sequences').length > 0) options.stop = fields.stop_sequences;
  return options;
}

function missing(fields: Fields): string | null {
  if (text(fields, 'model') === '') return 'model is required';
  if ((number(fields, 'max_tokens') ?? 0) <= 0) return 'max_tokens is required and must be positive';
  return list(fields, 'messages').length === 0 ? 'messages is required' : null;
}

/** POST /v1/messages */
export function messagesRoute(server: SimServer): Handler {
  return async ({ req, res }) => {
    const body = await readFields(req, SHAPE, struct('MessagesRequest', 'anthropic.MessagesRequest'));
    if (body.kind === 'missing') return refuseAnthropic(res, 400, 'EOF');
    if (body.kind === 'invalid') return refuseAnthropic(res, 400, body.message);
    const { fields } = body;
    const fault = missing(fields);
    if (fault !== null) return refuseAnthropic(res, 400, fault);
    const system = blockText(fields.system);
    const turns = list(fields, 'messages').flatMap((each) => translate((each ?? {}) as Fields));
    const messages = system === '' ? turns : [{ role: 'system', content: system }, ...turns];
    const model = text(fields, 'model');
    const stream = flag(fields, 'stream') ?? false;
    const characters = messages.reduce((sum, message) => sum + message.content.length, 0);
    const estimate = Math.max(1, Math.floor(characters / 4));
    const request = {
      model,
      messages,
      tools: tools(fields),
      format: undefined,
      options: optionsOf(fields),
      keepAliveNs: null,
      stream,
      think: thinkOf(fields),
      relaxThink: true,
      truncate: null,
      shift: null,
      renderOnly: false,
    };
    return serveChat(server, res, request, new AnthropicWriter(res, { model, stream, estimate }));
  };
}
