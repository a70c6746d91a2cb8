import { openAiRouteOf, parseModelList, parsePropsWindow, readOpenAiBody } from '../../src/index.js';

const read = (route: 'chat' | 'generate', body: object) => {
  const result = readOpenAiBody(route, Buffer.from(JSON.stringify(body)));
  if (result.kind !== 'ok') throw new Error(result.reason);
  return result.request;
};

describe('a chat', () => {
  it('is read with its texts in order, its parts, calls and thoughts', () => {
    const calls = [{ type: 'function', function: { name: 'f', arguments: '{}' } }];
    const { segments, imageCount, tools, stream, model } = read('chat', {
      model: 'm',
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: 'data:' } },
            { type: 'text', text: 'here' },
          ],
        },
        { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: calls },
        { role: 'tool', content: 'done' },
      ],
      tools: [{ type: 'function' }],
      stream: true,
    });
    expect({ model, stream, imageCount, tools }).toEqual({
      model: 'm',
      stream: true,
      imageCount: 1,
      tools: '[{"type":"function"}]',
    });
    expect(segments).toEqual([
      { role: 'system', text: 'be brief' },
      { role: 'user', text: 'look\nhere' },
      { role: 'assistant', text: `hm\n${JSON.stringify(calls)}` },
      { role: 'tool', text: 'done' },
    ]);
  });

  it('is not streamed unless it says so, and may leave out its model', () => {
    expect(read('chat', { messages: [{ role: 'user', content: 'hi' }] })).toMatchObject({
      model: '',
      stream: false,
      numPredict: null,
      numCtx: null,
      think: null,
    });
  });

  it('tells its limit and whether it thinks in any of the words there are for it', () => {
    expect(read('chat', { max_tokens: 5, max_completion_tokens: 7 }).numPredict).toBe(7);
    expect(read('chat', { max_tokens: -1 }).numPredict).toBeNull();
    expect(read('chat', { chat_template_kwargs: { enable_thinking: false } }).think).toBe(false);
    expect(read('chat', { reasoning_effort: 'none' }).think).toBe(false);
    expect(read('chat', { reasoning_effort: 'high' }).think).toBe(true);
  });

  it('survives fields of the wrong kind', () => {
    expect(read('chat', { messages: [null, 'x', { content: 5 }], tools: 'bad' })).toMatchObject({
      segments: [{ role: 'user', text: '' }],
      tools: '',
    });
    expect(readOpenAiBody('chat', Buffer.from('{bad'))).toEqual({ kind: 'unreadable', reason: 'not-json' });
    expect(readOpenAiBody('chat', Buffer.from('[]'))).toEqual({ kind: 'unreadable', reason: 'not-an-object' });
  });
});

describe('a completion', () => {
  it('has a text, several, or the numbers of its tokens', () => {
    expect(read('generate', { prompt: 'a', suffix: 'b', n_predict: 3 })).toMatchObject({
      segments: [
        { role: 'prompt', text: 'a' },
        { role: 'suffix', text: 'b' },
      ],
      numPredict: 3,
    });
    expect(read('generate', { prompt: ['a', 'b'] }).segments).toHaveLength(2);
    expect(read('generate', { prompt: [1, 2, 3] })).toMatchObject({ segments: [], contextTokens: 3 });
  });
});

it('knows the routes of llama-server and of OpenAI, by their exact path', () => {
  expect(openAiRouteOf('/v1/chat/completions')).toBe('chat');
  expect(openAiRouteOf('/completion')).toBe('generate');
  expect(openAiRouteOf('/v1/chat/completions/')).toBeNull();
  expect(openAiRouteOf('/v1/embeddings')).toBeNull();
});

describe('what a server tells of itself', () => {
  it("is the window of each slot in llama-server's list and properties", () => {
    const meta = { n_ctx: 2048, n_ctx_train: 131_072, size: 140_784_640 };
    expect(parseModelList({ data: [{ id: 'random.gguf', aliases: ['small'], meta }] })).toEqual([
      { id: 'random.gguf', aliases: ['small'], window: 2048, trainedContext: 131_072, weightsBytes: 140_784_640 },
    ]);
    expect(parsePropsWindow({ default_generation_settings: { n_ctx: 2048 }, total_slots: 2 })).toBe(2048);
    expect(parsePropsWindow({ default_generation_settings: { n_ctx: 0 } })).toBeNull();
  });

  it("is vLLM's max_model_len, or nothing", () => {
    const [vllm, other] = parseModelList({ data: [{ id: 'a', max_model_len: 8192 }, { id: 'b' }] })!;
    expect(vllm).toMatchObject({ window: 8192, trainedContext: null });
    expect(other).toMatchObject({ id: 'b', window: null });
    expect(parseModelList({ error: 'no' })).toBeNull();
    expect(parsePropsWindow('no')).toBeNull();
  });
});
