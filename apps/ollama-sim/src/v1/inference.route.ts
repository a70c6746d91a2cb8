import { anthropicError, goJson, openAiError, translateV1, type Translated, type V1Route } from '@rightsize/ollama';
import type { ServerResponse } from 'node:http';
import type { SimServer } from '../engine/server.js';
import type { Fields, Shape } from '../go/typed-fields.js';
import { readFields, struct, text, type StructName } from '../http/body.js';
import { sendJson } from '../http/reply.js';
import type { Handler } from '../http/router.js';
import { parseChat } from '../native/chat-request.js';
import { parseGenerate } from '../native/generate.route.js';
import { serveChat } from '../native/serve-chat.js';
import { serveGenerate } from '../native/serve-generate.js';
import { DialectAnswerWriter } from './dialect-answer.writer.js';

interface Dialect {
  readonly shape: Shape;
  readonly name: StructName;
  readonly emptyBody: string;
  /** Errors that it finds before it translates. */
  refuse(res: ServerResponse, message: string): void;
  /** What it misses before all else; null when nothing. */
  missing(fields: Fields): string | null;
}

function refuseOpenAi(res: ServerResponse, message: string, code: string | null = null): void {
  sendJson(res, 400, openAiError(400, message, code));
}

const SAMPLING: Shape = {
  model: 'string',
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

const DIALECTS: Readonly<Record<V1Route, Dialect>> = {
  chat: {
    shape: {
      ...SAMPLING,
      messages: '[]openai.Message',
      response_format: 'any',
      tools: '[]api.Tool',
      reasoning: 'any',
      reasoning_effort: 'string',
      logprobs: 'bool',
      top_logprobs: 'int',
    },
    name: struct('ChatCompletionRequest', 'openai.ChatCompletionRequest'),
    emptyBody: 'EOF',
    refuse: refuseOpenAi,
    missing: () => null,
  },
  completions: {
    shape: { ...SAMPLING, prompt: 'string', suffix: 'string', logprobs: 'int' },
    name: struct('CompletionRequest', 'openai.CompletionRequest'),
    emptyBody: 'EOF',
    refuse: refuseOpenAi,
    missing: () => null,
  },
  messages: {
    shape: {
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
      metadata: 'any',
      output_config: 'any',
    },
    name: struct('MessagesRequest', 'anthropic.MessagesRequest'),
    emptyBody: 'EOF',
    refuse: (res, message) => sendJson(res, 400, anthropicError(400, message)),
    missing: () => null,
  },
  responses: {
    shape: {
      model: 'string',
      background: 'bool',
      include: '[]string',
      input: 'any',
      instructions: 'string',
      max_output_tokens: 'int',
      reasoning: 'any',
      think: 'any',
      stream: 'bool',
      temperature: 'float64',
      text: 'any',
      top_p: 'float64',
      tools: '[]api.Tool',
      truncation: 'string',
    },
    name: struct('ResponsesRequest', 'openai.ResponsesRequest'),
    emptyBody: 'missing request body',
    refuse: (res, message) => refuseOpenAi(res, message, 'invalid_request_error'),
    missing: (fields) => {
      if (text(fields, 'model').trim() === '') return 'model is required';
      return fields['input'] === undefined ? 'input is required' : null;
    },
  },
};

/** As it was written, as far as its length goes, which Ollama estimates by; what is too deep for that differs in escapes. */
function printed(fields: Fields): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return goJson(fields);
  }
}

/** The routes in other vendors' dialects that ask a model for text: translated to the native ones, as the real server does. */
export function inferenceRoute(server: SimServer, route: V1Route): Handler {
  const dialect = DIALECTS[route];
  return async ({ req, res }) => {
    const body = await readFields(req, dialect.shape, dialect.name);
    if (body.kind === 'missing') return dialect.refuse(res, dialect.emptyBody);
    if (body.kind === 'invalid') return dialect.refuse(res, body.message);
    const missing = dialect.missing(body.fields);
    if (missing !== null) return dialect.refuse(res, missing);
    const translation = translateV1(route, Buffer.from(printed(body.fields)));
    switch (translation.kind) {
      case 'refused':
        return route === 'responses'
          ? refuseOpenAi(res, translation.message)
          : dialect.refuse(res, translation.message);
      case 'foreign':
        return dialect.refuse(res, `there is no model here that could answer this (${translation.reason})`);
      case 'translated':
        return serve(server, res, translation, route === 'messages');
    }
  };
}

function serve(server: SimServer, res: ServerResponse, translated: Translated, relaxThink: boolean): void {
  const fields = JSON.parse(translated.body.toString('utf8')) as Fields;
  const writer = new DialectAnswerWriter(res, translated.model, translated.writer());
  if (translated.route === 'generate') {
    const parsed = parseGenerate(fields);
    return parsed.ok ? serveGenerate(server, res, parsed.request, writer) : writer.fail(400, parsed.message, 'server');
  }
  const parsed = parseChat(fields);
  if (!parsed.ok) return writer.fail(400, parsed.message, 'server');
  return serveChat(server, res, { ...parsed.request, relaxThink }, writer);
}
