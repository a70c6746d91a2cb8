import { once } from 'node:events';
import { connect } from 'node:net';
import { call, simulatorFor, type Json } from './sim-fixture.js';

const held = simulatorFor();

describe('errors in the real server’s words', () => {
  it.each<[string, string | Json, number, string]>([
    ['/api/generate', '', 400, 'missing request body'],
    ['/api/generate', '{bad', 400, "invalid character 'b' looking for beginning of object key string"],
    ['/api/generate', '{"model":"x"', 400, 'unexpected EOF'],
    ['/api/generate', 'nope', 400, "invalid character 'o' in literal null (expecting 'u')"],
    ['/api/generate', '{"a":"\n"}', 400, "invalid character '\\n' in string literal"],
    ['/api/generate', '{"a":1 "b":2}', 400, "invalid character '\"' after object key:value pair"],
    ['/api/generate', '{"a":[1 2]}', 400, "invalid character '2' after array element"],
    ['/api/generate', '{"a":-}', 400, "invalid character '}' in numeric literal"],
    ['/api/generate', '{"a":"\\x"}', 400, "invalid character 'x' in string escape code"],
    [
      '/api/generate',
      { model: 1 },
      400,
      'json: cannot unmarshal number into Go struct field .GenerateRequest.model of type string',
    ],
    ['/api/generate', {}, 404, "model '' not found"],
    ['/api/generate', { model: 'nope', prompt: 'x' }, 404, "model 'nope' not found"],
    ['/api/generate', { model: 'a b c' }, 400, 'invalid model name'],
    ['/api/generate', { model: 'llama3.2', prompt: 'x', keep_alive: 'abc' }, 400, 'time: invalid duration "abc"'],
    [
      '/api/generate',
      { model: 'llama3.2', prompt: 'x', suffix: 'y' },
      400,
      'registry.ollama.ai/library/llama3.2:latest does not support insert',
    ],
    ['/api/chat', {}, 400, 'model is required'],
    [
      '/api/chat',
      { model: 'llama3.2', messages: [{ role: 1 }] },
      400,
      'json: cannot unmarshal number into Go struct field .ChatRequest.messages.role of type string',
    ],
    ['/api/show', { model: 'nope' }, 404, "model 'nope:latest' not found"],
    ['/api/show', {}, 400, 'model is required'],
    ['/api/embed', { model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    ['/api/embed', { model: 'llama3.2', input: 5 }, 400, 'invalid input type'],
    ['/api/copy', { source: 'nope', destination: 'x' }, 404, 'model "nope" not found'],
    ['/api/create', { model: 'x' }, 400, "neither 'from' or 'files' was specified"],
    ['/api/blobs/zzz', 'abc', 400, 'invalid digest format'],
  ])('POST %s %j: %i', async (path, body, status, message) => {
    const reply = await call(held.sim, 'POST', path, body);
    expect([reply.status, reply.json]).toEqual([status, { error: message }]);
  });

  it('what follows the first JSON value is not looked at', async () => {
    expect((await call(held.sim, 'POST', '/api/show', '{"model":"llama3.2"} trailing')).status).toBe(200);
  });

  it('routes that nobody knows are 404, methods that a route has not are 405 with those it has', async () => {
    const unknown = await call(held.sim, 'GET', '/no/such');
    expect([unknown.status, unknown.text, unknown.headers['content-type']]).toEqual([
      404,
      '404 page not found',
      'text/plain',
    ]);
    const method = await call(held.sim, 'DELETE', '/api/tags');
    expect([method.status, method.text, method.headers.allow]).toEqual([405, '405 method not allowed', 'HEAD, GET']);
  });

  it('a body that a route does not read is read before it is refused, so that its sender gets to see why', async () => {
    const socket = connect(held.sim.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
    const head = ['POST /api/delete HTTP/1.1', 'Host: x', 'Connection: close', 'Content-Length: 100000', '', ''];
    socket.write(head.join('\r\n') + ' '.repeat(50_000));
    // By the time that this is answered, that has been seen.
    await call(held.sim, 'GET', '/');
    expect(answer).toBe('');
    socket.write(' '.repeat(50_000));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 405 /);
  });

  it('OpenAI’s and Anthropic’s routes have shapes of their own', async () => {
    const messages = [{ role: 'user', content: 'x' }];
    const openAi = await call(held.sim, 'POST', '/v1/chat/completions', { model: 'nope', messages });
    expect([openAi.status, openAi.json]).toEqual([
      404,
      { error: { message: "model 'nope' not found", type: 'not_found_error', param: null, code: null } },
    ]);
    const anthropic = await call(held.sim, 'POST', '/v1/messages', { model: 'nope', messages, max_tokens: 3 });
    expect(anthropic.json).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: "model 'nope' not found" },
    });
  });

  it('GET / says that it runs, HEAD says it without words', async () => {
    const [get, head] = [await call(held.sim, 'GET', '/'), await call(held.sim, 'HEAD', '/')];
    expect([get.text, head.text, head.headers['content-length']]).toEqual(['Ollama is running', '', '17']);
  });
});

describe('older servers', () => {
  const old = simulatorFor({ version: '0.29.0' });
  const generate = (options: Json, body: Json = {}) =>
    call(old.sim, 'POST', '/api/generate', {
      model: 'llama3.2',
      prompt: 'x',
      stream: false,
      options: { num_predict: 1, ...options },
      ...body,
    });

  it('say their version, do not say what was cached, and refuse without numbers', async () => {
    expect((await call(old.sim, 'GET', '/api/version')).json).toEqual({ version: '0.29.0' });
    expect((await generate({})).json).not.toHaveProperty('prompt_eval_cached_count');
    const refused = await generate({ num_ctx: 256 }, { prompt: 'word '.repeat(500), truncate: false });
    expect([refused.status, refused.json.error]).toEqual([400, 'the input length exceeds the context length']);
  });
});
