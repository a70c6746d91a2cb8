import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInOptions {
  /** Window of each slot, tokens: what `-c` says, divided by `-np`. @default 2048 */
  readonly window?: number;
  /** `--context-shift`. @default false */
  readonly shifts?: boolean;
  /** Tokens of an answer that nothing ends earlier. @default 40 */
  readonly answer?: number;
}

/** Behaves as llama.cpp's server does, as far as `conformance.e2e-spec.ts` asks; a token is a word, none is cached. */
export interface StandIn {
  readonly url: string;
  readonly model: string;
  /** `METHOD path` in the order in which they came, and the bodies of requests to the model. */
  readonly asked: string[];
  readonly bodies: string[];
  /** Says 503 to everything until it is set to false. */
  isLoading: boolean;
  close(): Promise<void>;
}

const MODEL = 'work/random.gguf';
const TRAINED = 131_072;
const CHAT_OVERHEAD = 8;

type Json = Record<string, unknown>;

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { window = 2048, shifts = false, answer = 40 } = options;
  const state = { model: MODEL, asked: [] as string[], bodies: [] as string[], isLoading: false };
  const server = createServer((request, response) => {
    response.setHeader('server', 'llama.cpp');
    void read(request).then((body) => {
      state.asked.push(`${request.method} ${request.url}`);
      if (state.isLoading) return fail(response, 503, { message: 'Loading model', type: 'unavailable_error' });
      const kind = request.method === 'POST' ? ROUTES[request.url ?? ''] : undefined;
      if (kind === undefined) return tell(response, request, window);
      state.bodies.push(body);
      generate(response, kind, body, { window, shifts, answer });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(state, { url, close });
}

type Kind = 'chat' | 'completions' | 'own';
const ROUTES: Readonly<Record<string, Kind>> = {
  '/v1/chat/completions': 'chat',
  '/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/completion': 'own',
};

function tell(response: ServerResponse, { method, url }: IncomingMessage, window: number): void {
  const settings = { default_generation_settings: { n_ctx: window }, total_slots: 2, model_alias: MODEL };
  const meta = { n_ctx: window, n_ctx_train: TRAINED, size: 140_784_640 };
  const model = { id: MODEL, aliases: [MODEL], object: 'model', owned_by: 'llamacpp', meta };
  switch (`${method} ${url}`) {
    case 'GET /health':
      return json(response, 200, { status: 'ok' });
    case 'GET /props':
      return json(response, 200, settings);
    case 'GET /v1/models':
      return json(response, 200, { object: 'list', data: [model] });
    default:
      return fail(response, 404, { message: 'File Not Found', type: 'not_found_error' });
  }
}

function generate(response: ServerResponse, kind: Kind, body: string, how: Required<StandInOptions>): void {
  const asked = parsed(body);
  if (asked === null) return fail(response, 500, { message: 'parse error', type: 'server_error' });
  const prompt = kind === 'chat' ? chatTokens(asked['messages']) : words(String(asked['prompt']));
  if (prompt >= how.window) {
    const message = `request (${prompt} tokens) exceeds the available context size (${how.window} tokens), try increasing it`;
    const counts = { n_prompt_tokens: prompt, n_ctx: how.window };
    return fail(response, 400, { message, type: 'exceed_context_size_error', ...counts });
  }
  const limit = Number(asked['max_tokens'] ?? asked['n_predict'] ?? Infinity);
  const output = Math.min(how.answer, limit, how.shifts ? Infinity : how.window - prompt);
  const finish = output < how.answer ? 'length' : 'stop';
  const wantsUsage = (asked['stream_options'] as Json | undefined)?.['include_usage'] === true;
  const ending = endingOf(kind, { prompt, output, finish }, wantsUsage, asked['stream'] === true);
  if (asked['stream'] !== true) return json(response, 200, ending[0]!);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let at = 0; at < output; at += 1) event(response, partOf(kind, `w${at} `));
  for (const last of ending) event(response, last);
  response.end(kind === 'own' ? '\n' : 'data: [DONE]\n\n');
}

interface Counts {
  readonly prompt: number;
  readonly output: number;
  readonly finish: 'length' | 'stop';
}

/** Chats that are streamed count in `usage` only when asked, and then in an event after the one that finishes. */
function endingOf(kind: Kind, { prompt, output, finish }: Counts, wantsUsage: boolean, streams: boolean): Json[] {
  const timings = { cache_n: 0, prompt_n: prompt, prompt_ms: prompt / 10, predicted_n: output, predicted_ms: output };
  const usage = { completion_tokens: output, prompt_tokens: prompt, total_tokens: prompt + output };
  const details = { ...usage, prompt_tokens_details: { cached_tokens: 0 } };
  if (kind === 'own') {
    const stop_type = finish === 'length' ? 'limit' : 'eos';
    return [{ content: 'text', stop: true, tokens_predicted: output, tokens_evaluated: prompt, stop_type, timings }];
  }
  const message = streams ? { delta: {} } : { message: { role: 'assistant', content: 'text' } };
  const part = kind === 'chat' ? message : { text: streams ? '' : 'text' };
  const last = { choices: [{ index: 0, ...part, finish_reason: finish }], model: MODEL };
  if (kind === 'completions' || !streams) return [{ ...last, usage: details, timings }];
  return wantsUsage ? [last, { choices: [], model: MODEL, usage: details, timings }] : [{ ...last, timings }];
}

function partOf(kind: Kind, text: string): Json {
  if (kind === 'own') return { content: text, stop: false };
  const part = kind === 'chat' ? { delta: { content: text } } : { text };
  return { choices: [{ index: 0, ...part, finish_reason: null }], model: MODEL };
}

function chatTokens(messages: unknown): number {
  const list = Array.isArray(messages) ? (messages as Json[]) : [];
  return list.reduce((sum, { content }) => sum + CHAT_OVERHEAD + words(String(content)), 0);
}

function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length + 1;
}

function event(response: ServerResponse, data: Json): void {
  response.write(`data: ${JSON.stringify(data)}\n\n`);
}

function json(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, error: Json): void {
  json(response, status, { error: { code: status, ...error } });
}

function parsed(body: string): Json | null {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return null;
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
