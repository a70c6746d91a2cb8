import { call, simulatorFor, type Json } from './sim-fixture.js';

const held = simulatorFor();
const USER = [{ role: 'user', content: 'x' }];
const TOOLS = [
  {
    type: 'function',
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];

function post(path: string, body: Json) {
  return call(held.sim, 'POST', path, body);
}

function types(events: readonly Json[]): unknown[] {
  return events.map((event) => event.type);
}

describe('native routes', () => {
  it('stream NDJSON by default, one line a token, counts on the last', async () => {
    const reply = await post('/api/generate', { model: 'llama3.2', prompt: 'x', options: { num_predict: 2 } });
    expect(reply.headers['content-type']).toBe('application/x-ndjson');
    expect(reply.lines.map((line) => line.done)).toEqual([false, false, true]);
    expect(Object.keys(reply.json)).toEqual([
      'model',
      'created_at',
      'response',
      'done',
      'done_reason',
      'context',
      'total_duration',
      'load_duration',
      'prompt_eval_count',
      'prompt_eval_cached_count',
      'prompt_eval_duration',
      'eval_count',
      'eval_duration',
    ]);
    expect(reply.json).toMatchObject({ done_reason: 'length', eval_count: 2, prompt_eval_cached_count: 0 });
  });

  it('say the same in a stream and in one piece', async () => {
    const body = { model: 'llama3.2', messages: USER, options: { seed: 3 } };
    const streamed = await post('/api/chat', body);
    const whole = await post('/api/chat', { ...body, stream: false });
    const text = (line: Json) => String((line.message as Json).content);
    expect(streamed.lines.map(text).join('')).toBe(text(whole.json));
    expect(whole.json).toMatchObject({ done_reason: 'stop', eval_count: streamed.json.eval_count });
  });

  it('think first where the model can, unless told not to', async () => {
    const thinking = await post('/api/chat', { model: 'qwen3', messages: USER, stream: false });
    const plain = await post('/api/chat', { model: 'qwen3', messages: USER, stream: false, think: false });
    expect((thinking.json.message as Json).thinking).toMatch(/\w/);
    expect((plain.json.message as Json).thinking).toBeUndefined();
    const refused = await post('/api/chat', { model: 'llama3.2', messages: USER, think: true });
    expect([refused.status, refused.json.error]).toEqual([400, '"llama3.2" does not support thinking']);
  });

  it('call tools in some conversations, with arguments of the schema', async () => {
    const calls: Json[] = [];
    for (let seed = 0; seed < 8; seed += 1) {
      const body = { model: 'llama3.2', messages: USER, tools: TOOLS, stream: false, options: { seed } };
      const message = (await post('/api/chat', body)).json.message as { tool_calls?: Json[] };
      calls.push(...(message.tool_calls ?? []));
    }
    expect(calls.length).toBeGreaterThan(0);
    expect(calls[0]).toMatchObject({
      function: { index: 0, name: 'weather', arguments: { city: expect.any(String) } },
    });
  });

  it('answer with JSON when asked to', async () => {
    const body = {
      model: 'llama3.2',
      messages: USER,
      stream: false,
      format: { type: 'object', properties: { n: { type: 'integer' } } },
    };
    const message = (await post('/api/chat', body)).json.message as Json;
    expect(JSON.parse(String(message.content))).toEqual({ n: expect.any(Number) });
  });

  it('count pictures', async () => {
    const body = (images: string[]) => ({
      model: 'llama3.2',
      prompt: 'x',
      images,
      stream: false,
      options: { num_predict: 1 },
    });
    const [without, with_] = [await post('/api/generate', body([])), await post('/api/generate', body(['aGk=']))];
    expect(Number(with_.json.prompt_eval_count) - Number(without.json.prompt_eval_count)).toBe(768);
  });

  it('embed, one vector a text', async () => {
    const reply = await post('/api/embed', { model: 'nomic-embed-text', input: ['one', 'two'], dimensions: 64 });
    expect((reply.json.embeddings as number[][]).map((vector) => vector.length)).toEqual([64, 64]);
    const refused = await post('/api/embed', {
      model: 'nomic-embed-text',
      input: 'word '.repeat(9000),
      truncate: false,
    });
    expect([refused.status, refused.json.error]).toEqual([400, 'the input length exceeds the context length']);
    expect((await post('/api/embed', { model: 'llama3.2', input: 'x' })).status).toBe(501);
  });

  it('models that run elsewhere answer, load nothing and heed no window', async () => {
    const reply = await post('/api/chat', {
      model: 'gpt-oss:120b-cloud',
      messages: USER,
      stream: false,
      options: { num_ctx: 'x' },
    });
    expect(reply.json).toMatchObject({
      done: true,
      remote_model: 'gpt-oss:120b',
      remote_host: 'https://ollama.com:443',
    });
    expect(held.sim.stats().loads).toBe(0);
  });
});

describe('OpenAI’s routes', () => {
  it('chat in one piece, with usage', async () => {
    const reply = await post('/v1/chat/completions', { model: 'llama3.2', messages: USER, max_tokens: 3 });
    const { choices, usage } = reply.json as { choices: Json[]; usage: Json };
    expect(choices[0]).toMatchObject({ index: 0, finish_reason: 'length', message: { role: 'assistant' } });
    expect(usage).toMatchObject({ completion_tokens: 3, prompt_tokens_details: { cached_tokens: 0 } });
  });

  it('chat as events, usage only on request, ended by [DONE]', async () => {
    const body = { model: 'llama3.2', messages: USER, max_tokens: 3, stream: true };
    const plain = await post('/v1/chat/completions', body);
    const counted = await post('/v1/chat/completions', { ...body, stream_options: { include_usage: true } });
    expect(plain.headers['content-type']).toBe('text/event-stream');
    expect(plain.text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(plain.events.some((event) => 'usage' in event)).toBe(false);
    expect(counted.events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  });

  it('completions stream texts', async () => {
    const reply = await post('/v1/completions', { model: 'llama3.2', prompt: 'x', max_tokens: 2, stream: true });
    expect(reply.events.map((event) => (event.choices as Json[])[0]?.finish_reason)).toEqual([null, null, 'length']);
  });

  it('responses stream their sequence of events, numbered', async () => {
    const reply = await post('/v1/responses', { model: 'llama3.2', input: 'x', max_output_tokens: 2, stream: true });
    expect(types(reply.events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(reply.events.map((event) => event.sequence_number)).toEqual(reply.events.map((_, at) => at));
  });

  it('embeddings come as numbers or as base64', async () => {
    const body = { model: 'nomic-embed-text', input: 'x' };
    const numbers = await post('/v1/embeddings', body);
    const packed = await post('/v1/embeddings', { ...body, encoding_format: 'base64' });
    const first = (reply: typeof numbers) => (reply.json.data as Json[])[0]?.embedding;
    const bytes = Buffer.from(String(first(packed)), 'base64');
    expect(bytes.readFloatLE(0)).toBeCloseTo((first(numbers) as number[])[0] ?? NaN, 6);
  });

  it('list and retrieve models', async () => {
    const all = await call(held.sim, 'GET', '/v1/models');
    expect((all.json.data as Json[]).map((model) => model.id)).toContain('llama3.2:latest');
    expect((await call(held.sim, 'GET', '/v1/models/qwen3')).json).toMatchObject({ id: 'qwen3', owned_by: 'library' });
  });
});

describe('Anthropic’s route', () => {
  it('streams blocks between start and stop, thinking before text', async () => {
    const reply = await post('/v1/messages', { model: 'qwen3', messages: USER, max_tokens: 4000, stream: true });
    const seen = types(reply.events).filter((type) => type !== 'content_block_delta');
    expect(seen).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(reply.events.at(-2)).toMatchObject({
      delta: { stop_reason: 'end_turn' },
      usage: { cache_read_input_tokens: 0 },
    });
  });

  it('does not mind a model that cannot think', async () => {
    const body = {
      model: 'llama3.2',
      messages: USER,
      max_tokens: 3,
      thinking: { type: 'enabled', budget_tokens: 100 },
    };
    expect((await post('/v1/messages', body)).json).toMatchObject({ type: 'message', stop_reason: 'max_tokens' });
  });
});
