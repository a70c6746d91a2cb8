import * as fc from 'fast-check';
import type { InferenceRequest, InferenceRoute } from '@rightsize/optimizer-core';
import { readInferenceBody } from '@rightsize/ollama';

function read(route: InferenceRoute, body: unknown): InferenceRequest {
  const result = readInferenceBody(route, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  if (result.kind !== 'ok') throw new Error(result.reason);
  return result.request;
}

describe('readInferenceBody', () => {
  it('reads a chat: texts in order, tool calls and thinking with their message, images counted', () => {
    const request = read('chat', {
      model: 'llama3',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'User', content: 'hello', images: ['aa', 'bb'] },
        {
          role: 'assistant',
          thinking: 'hm',
          content: 'yes',
          tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }],
        },
        { role: 'tool', content: '42', images: ['cc'] },
      ],
      tools: [{ type: 'function' }],
      options: { num_ctx: 4096.9, num_predict: 128 },
      stream: false,
      think: 'high',
    });
    expect(request).toEqual({
      route: 'chat',
      model: 'llama3',
      segments: [
        { role: 'system', text: 'be brief' },
        { role: 'user', text: 'hello' },
        { role: 'assistant', text: 'hm\nyes\n[{"function":{"name":"f","arguments":{"a":1}}}]' },
        { role: 'tool', text: '42' },
      ],
      tools: '[{"type":"function"}]',
      imageCount: 3,
      contextTokens: 0,
      numPredict: 128,
      numCtx: 4096,
      fixedOptions: '',
      truncate: null,
      stream: false,
      preload: false,
      unload: false,
      think: true,
    });
  });

  it('reads a generate call in the order in which it is rendered', () => {
    const request = read('generate', {
      model: 'm',
      suffix: 's',
      prompt: 'p',
      system: 'y',
      images: ['i'],
      context: [1, 2, 3],
    });
    expect(request.segments).toEqual([
      { role: 'system', text: 'y' },
      { role: 'prompt', text: 'p' },
      { role: 'suffix', text: 's' },
    ]);
    expect(request).toMatchObject({
      imageCount: 1,
      contextTokens: 3,
      stream: true,
      think: null,
      numCtx: null,
      numPredict: null,
    });
  });

  it('reads keys whatever their case, as the server does', () => {
    const request = read(
      'chat',
      '{"MODEL":"m","Messages":[{"ROLE":"system","Content":"x"}],"Options":{"num_ctx":512}}',
    );
    expect(request).toMatchObject({ model: 'm', numCtx: 512, segments: [{ role: 'system', text: 'x' }] });
  });

  it('takes the last of several keys, as the server does', () => {
    expect(read('generate', '{"model":"a","prompt":"1","Model":"b","prompt":"2"}')).toMatchObject({
      model: 'b',
      segments: [{ role: 'prompt', text: '2' }],
    });
  });

  it.each([0, -1, null, '4096', true, 0.5])('has no window for a num_ctx of %j', (value) => {
    expect(read('chat', { model: 'm', options: { num_ctx: value } }).numCtx).toBeNull();
  });

  it('writes the other runner-fixed options in one canonical order', () => {
    const options = { use_mmap: false, num_batch: 512.7, temperature: 1, main_gpu: 0, num_thread: null };
    expect(read('chat', { model: 'm', options, shift: false }).fixedOptions).toBe(
      'main_gpu=0 num_batch=512 num_thread=null use_mmap=false shift=false',
    );
  });

  it.each<[InferenceRoute, object, boolean, boolean]>([
    ['generate', {}, true, false],
    ['generate', { prompt: '' }, true, false],
    ['generate', { prompt: 'x', keep_alive: 0 }, false, false],
    ['generate', { keep_alive: 0 }, true, true],
    ['generate', { keep_alive: '0s' }, true, true],
    ['generate', { keep_alive: '0h0.0m' }, true, true],
    ['generate', { keep_alive: '5m' }, true, false],
    ['generate', { keep_alive: '' }, true, false],
    ['generate', { keep_alive: -1 }, true, false],
    ['chat', { messages: [] }, true, false],
    ['chat', { keep_alive: '-0' }, true, true],
    ['chat', { messages: [{ role: 'user', content: '' }], keep_alive: 0 }, false, false],
  ])('tells loading and unloading from asking: %s %j', (route, body, preload, unload) => {
    expect(read(route, { model: 'm', ...body })).toMatchObject({ preload, unload });
  });

  it.each([
    ['{', 'not-json'],
    ['', 'not-json'],
    ['\ufeff{"model":"m"}', 'not-json'],
    ['[1]', 'not-an-object'],
    ['null', 'not-an-object'],
    ['{"prompt":"x"}', 'no-model'],
    ['{"model":5}', 'no-model'],
  ])('leaves %j unread', (body, reason) => {
    expect(readInferenceBody('chat', Buffer.from(body))).toEqual({ kind: 'unreadable', reason });
  });

  it('never throws, whatever the types', () => {
    const key = fc.constantFrom(
      'model',
      'messages',
      'options',
      'tools',
      'prompt',
      'role',
      'content',
      'tool_calls',
      'images',
      'num_ctx',
      '__proto__',
    );
    const body = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.array(tie('node')), fc.dictionary(key, tie('node'))),
    })).node;
    fc.assert(
      fc.property(body, fc.constantFrom<InferenceRoute>('chat', 'generate'), (value, route) => {
        const bytes = Buffer.from(JSON.stringify(typeof value === 'object' ? { model: 'm', ...value } : value));
        expect(['ok', 'unreadable']).toContain(readInferenceBody(route, bytes).kind);
      }),
      { numRuns: 500 },
    );
  });
});
