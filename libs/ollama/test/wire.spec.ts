import { dialectOf, endToEndHeaders, errorBody, isCloudName, normalizeModelName } from '@rightsize/ollama';

describe('errors in the dialect of the caller', () => {
  it.each([
    ['/api/chat', 'native'],
    ['/', 'native'],
    ['/v1', 'openai'],
    ['/v1/chat/completions', 'openai'],
    ['/v1/messages', 'anthropic'],
    ['/v1/messages/count_tokens', 'anthropic'],
    ['/v1/messagesx', 'openai'],
    ['/v10/x', 'native'],
  ])('%s speaks %s', (path, dialect) => {
    expect(dialectOf(path)).toBe(dialect);
  });

  it('words one error in each', () => {
    expect(JSON.parse(errorBody('native', 502, 'no "x"'))).toEqual({ error: 'no "x"' });
    expect(JSON.parse(errorBody('openai', 413, 'big'))).toEqual({
      error: { message: 'big', type: 'invalid_request_error', param: null, code: null },
    });
    expect(JSON.parse(errorBody('anthropic', 413, 'big'))).toEqual({
      type: 'error',
      error: { type: 'request_too_large', message: 'big' },
    });
    expect(JSON.parse(errorBody('anthropic', 502, 'down'))).toMatchObject({ error: { type: 'api_error' } });
  });
});

describe('endToEndHeaders', () => {
  it('keeps order, case and repeats, and drops what speaks of one connection', () => {
    const raw = [
      'X-A',
      '1',
      'Connection',
      'close, X-Gone',
      'x-a',
      '2',
      'X-GONE',
      'y',
      'Transfer-Encoding',
      'chunked',
      'TE',
      'trailers',
      'Set-Cookie',
      'b',
    ];
    expect(endToEndHeaders(raw)).toEqual(['X-A', '1', 'x-a', '2', 'Set-Cookie', 'b']);
  });

  it('drops what it is told to', () => {
    expect(endToEndHeaders(['X-Rightsize', 'off', 'B', '1'], new Set(['x-rightsize']))).toEqual(['B', '1']);
  });

  it('keeps the headers that say where and how much, even if Connection names them', () => {
    const raw = ['Connection', 'content-length, host', 'Host', 'h', 'Content-Length', '3'];
    expect(endToEndHeaders(raw)).toEqual(['Host', 'h', 'Content-Length', '3']);
  });
});

describe('model names', () => {
  it.each([
    ['llama3', 'llama3:latest'],
    ['Llama3:8B', 'llama3:8b'],
    ['library/llama3', 'llama3:latest'],
    ['registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    ['https://registry.ollama.ai/library/llama3', 'llama3:latest'],
    ['someone/llama3', 'someone/llama3:latest'],
    ['hf.co/User/Model-GGUF:Q4_K_M', 'hf.co/user/model-gguf:q4_k_m'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    ['llama3:local', 'llama3:latest'],
    [' llama3 ', 'llama3:latest'],
  ])('%s is %s', (name, normal) => {
    expect(normalizeModelName(name)).toBe(normal);
  });

  it.each([
    ['gpt-oss:20b-cloud', true],
    ['qwen3:cloud', true],
    ['Qwen3:CLOUD', true],
    ['my-cloud', false],
    ['my-cloud:8b', false],
    ['host:5000/x-cloud', false],
    ['llama3', false],
  ])('%s runs in the cloud: %s', (name, cloud) => {
    expect(isCloudName(name)).toBe(cloud);
  });
});
