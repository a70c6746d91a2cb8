import type { RequestListener } from 'node:http';
import { DEFAULT_V1 } from '@rightsize/nest';
import { Bench, bodyOf, closed, deferred, send } from './gateway-fixture.js';

let bench: Bench;
beforeEach(() => void (bench = new Bench()));
afterEach(() => bench.closeAll());

const HELLO = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const AT = '2026-11-24T10:00:00.5Z';

function line(over: object): string {
  return `${JSON.stringify({ model: 'm', created_at: AT, message: { role: 'assistant', content: '' }, done: false, ...over })}\n`;
}

function says(content: string): string {
  return line({ message: { role: 'assistant', content } });
}

const DONE = line({ done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 2 });

interface Seen {
  readonly path: string;
  readonly body: string;
}

/** An upstream that answers every request so, and what it was asked. */
async function before(answer: RequestListener, over: Parameters<Bench['before']>[1] = {}) {
  const seen: Seen[] = [];
  const gateway = await bench.before((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push({ path: request.url!, body: body.toString() });
      answer(request, response);
    });
  }, over);
  return { url: gateway.url, seen };
}

function post(url: string, body: object | string, path = '/v1/chat/completions', headers: readonly string[] = []) {
  return send(`${url}${path}`, {
    method: 'POST',
    headers: ['Content-Type', 'application/json', ...headers],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The JSON of a stream's events, `[DONE]` as it stands. */
function eventsOf(body: Buffer): unknown[] {
  return body
    .toString()
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => block.replace(/^(event: .*\n)?data: /, ''))
    .map((data) => (data === '[DONE]' ? data : (JSON.parse(data) as unknown)));
}

describe('a chat completion', () => {
  it('goes to the native route, sized, and comes back as OpenAI has it', async () => {
    const { url, seen } = await before((_request, response) =>
      response.end(
        line({
          message: { role: 'assistant', content: 'ho' },
          done: true,
          done_reason: 'length',
          prompt_eval_count: 9,
          eval_count: 3,
        }),
      ),
    );
    bench.door.decide = () =>
      Promise.resolve({ body: Buffer.from('sized'), headers: { 'x-rightsize-num-ctx': '4096' } });
    const answer = await post(url, { ...HELLO, max_tokens: 3 });
    expect(seen).toEqual([{ path: '/api/chat', body: 'sized' }]);
    expect(JSON.parse(bench.door.inputs[0]!.body.toString())).toEqual({
      ...HELLO,
      stream: false,
      options: { num_predict: 3, temperature: 1, top_p: 1 },
    });
    expect(answer.message.headers).toMatchObject({
      'content-type': 'application/json',
      'x-rightsize-route': 'translate',
      'x-rightsize-num-ctx': '4096',
    });
    expect(JSON.parse(answer.body.toString())).toEqual({
      id: expect.stringMatching(/^chatcmpl-\d+$/) as unknown,
      object: 'chat.completion',
      created: Date.parse(AT) / 1000 - 0.5,
      model: 'm',
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, message: { role: 'assistant', content: 'ho' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
    });
  });

  it('streams event by event however its bytes are cut, and shows the optimizer the native ones', async () => {
    const native = Buffer.from(says('grüße 🎉') + says(' < & >') + DONE);
    const { url } = await before((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const byte of native) response.write(Buffer.from([byte]));
      response.end();
    });
    const answer = await post(url, { ...HELLO, stream: true, stream_options: { include_usage: true } });
    expect(answer.message.headers['content-type']).toBe('text/event-stream');
    expect(eventsOf(answer.body)).toEqual([
      expect.objectContaining({
        choices: [{ index: 0, delta: { role: 'assistant', content: 'grüße 🎉' }, finish_reason: null }],
      }),
      expect.objectContaining({ choices: [{ index: 0, delta: { content: ' < & >' }, finish_reason: null }] }),
      expect.objectContaining({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
      expect.objectContaining({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } }),
      '[DONE]',
    ]);
    expect(bench.door.seen.join('')).toContain('"done":true');
    expect(bench.door.seen[0]).toBe('200 application/x-ndjson');
    expect(bench.door.ends).toEqual(['complete']);
  });

  it('shows each event before the next line has come', async () => {
    const more = deferred();
    const { url } = await before((_request, response) => {
      response.write(says('one'));
      void more.promise.then(() => response.end(DONE));
    });
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value!).toString()).toContain('"content":"one"');
    more.resolve();
    await reader.cancel();
  });

  it('that its client leaves is aborted at the upstream', async () => {
    const upstreamClosed = deferred();
    const { url } = await before((request, response) => {
      void closed(request.socket).then(() => upstreamClosed.resolve());
      response.write(says('one'));
    });
    const leaving = new AbortController();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...HELLO, stream: true }),
      signal: leaving.signal,
    });
    await response.body!.getReader().read();
    leaving.abort();
    await upstreamClosed.promise;
    expect(await bench.door.ended()).toBe('client-aborted');
  });

  it("is refused in OpenAI's words under the upstream's status", async () => {
    const { url } = await before((_request, response) =>
      response.writeHead(404, { 'content-type': 'application/json; charset=utf-8' }).end('{"error":"no such model"}'),
    );
    const answer = await post(url, { ...HELLO, stream: true });
    expect([answer.status, answer.message.headers['content-type']]).toEqual([404, 'application/json']);
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: { message: 'no such model', type: 'not_found_error', param: null, code: null },
    });
  });

  it('is refused without a word where the upstream has none: it does not serve pages of that origin', async () => {
    const { url } = await before((_request, response) => response.writeHead(403, { 'content-length': '0' }).end());
    const { status, message, body } = await post(url, { ...HELLO, stream: true });
    const { 'content-length': length, 'content-type': type } = message.headers;
    expect([status, length, type, body.length]).toEqual([403, '0', undefined, 0]);
  });

  it('that fails in the middle says so in an event, and no more', async () => {
    const { url } = await before((_request, response) => response.end(`${says('one')}{"error":"broke"}\n`));
    const answer = await post(url, { ...HELLO, stream: true });
    expect(eventsOf(answer.body).slice(1)).toEqual([
      { error: { message: 'broke', type: 'api_error', param: null, code: null } },
    ]);
  });

  it('breaks off at the client when the upstream breaks off', async () => {
    const { url } = await before((request, response) => {
      response.write(says('one'));
      request.socket.destroySoon();
    });
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    await expect(response.text()).rejects.toThrow();
    expect(bench.door.ends).toEqual(['upstream-failed']);
  });

  it('is 502 when the upstream breaks off an answer that is no stream: nothing was shown yet', async () => {
    const { url } = await before((request, response) => {
      response.write('{"model":');
      request.socket.destroySoon();
    });
    const answer = await post(url, HELLO);
    expect([answer.status, Object.keys(JSON.parse(answer.body.toString()) as object)]).toEqual([502, ['error']]);
  });

  it('is 502 when the upstream answers with something else', async () => {
    const { url } = await before((_request, response) => response.end('<html>'));
    expect((await post(url, HELLO)).status).toBe(502);
  });

  it('that was refused for its length is translated from the next attempt', async () => {
    const { url, seen } = await before((_request, response) => {
      if (seen.length === 1) response.writeHead(400).end('{"error":"too long"}');
      else response.end(DONE);
    });
    bench.door.decide = (input) =>
      Promise.resolve({
        reconsider: async () => ({
          requestId: 'id',
          body: Buffer.from(`${input.body.toString()} `),
          headers: {},
          observer: { head: () => undefined, chunk: () => undefined, end: () => undefined },
          reconsider: null,
        }),
      });
    const answer = await post(url, HELLO);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      object: 'chat.completion',
      usage: { prompt_tokens: 7 },
    });
    expect(seen.map((each) => each.path)).toEqual(['/api/chat', '/api/chat']);
  });
});

describe('a request that only its own route can answer', () => {
  const plain: RequestListener = (_request, response) => response.end('own');

  it.each([
    ['a field that nobody knows', { ...HELLO, brand_new: 1 }, 'unknown-field brand_new'],
    [
      'such a field further in',
      { ...HELLO, messages: [{ role: 'user', content: 'x', mood: 1 }] },
      'unknown-field messages.mood',
    ],
    ['audio', { ...HELLO, messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }, 'audio'],
    ['a file', { ...HELLO, messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }, 'file'],
    ['what the server refuses', { ...HELLO, messages: [] }, 'refused'],
    ['a field of a wrong type', { ...HELLO, max_tokens: '3' }, 'refused'],
    ['a model in the cloud', { ...HELLO, model: 'm:cloud' }, 'cloud'],
    ['no JSON', '{"model":', 'refused'],
    [
      'a whole number written as none',
      '{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":3.0}',
      'refused',
    ],
    ['a key twice', '{"model":"m","model":"n","messages":[{"role":"user","content":"x"}]}', 'refused'],
  ])('passes untouched, with the reason: %s', async (_what, body, reason) => {
    const { url, seen } = await before(plain);
    const answer = await post(url, body);
    expect(answer.body.toString()).toBe('own');
    expect(seen).toEqual([
      { path: '/v1/chat/completions', body: typeof body === 'string' ? body : JSON.stringify(body) },
    ]);
    expect(answer.message.headers).toMatchObject({ 'x-rightsize-route': 'pass', 'x-rightsize-route-reason': reason });
    expect(bench.door.foreign).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
  });

  it('passes when it asks to be left alone, and when the route is set so', async () => {
    const { url } = await before(plain);
    const asked = await post(url, HELLO, undefined, ['X-Rightsize', 'off']);
    expect(asked.message.headers['x-rightsize-route-reason']).toBe('asked');
    const { url: other } = await before(plain, { v1: { ...DEFAULT_V1, chat: 'pass' } });
    const set = await post(other, HELLO);
    expect(set.message.headers['x-rightsize-route-reason']).toBe('configured');
  });

  it('is counted in the health report, by reason', async () => {
    const { url } = await before((request, response) =>
      request.url === '/api/chat' ? response.end(DONE) : response.end(),
    );
    await post(url, { ...HELLO, a: 1 });
    await post(url, { ...HELLO, b: 1 });
    await post(url, HELLO);
    const health = JSON.parse((await send(`${url}/rightsize/health`)).body.toString()) as object;
    expect(health).toMatchObject({ v1: { translated: 1, passed: { 'unknown-field': 2 } } });
  });
});

describe('an encoded body', () => {
  const zstd = Buffer.from(
    'KLUv/WQWAH0CADIEDxagtTng12MlLaElWmWTbqtazIYlqjIQTbjSKyOYBcAQrXfygVROhcbyEyNcZcOV3of5nXpBU68U+WAqCwUAehMMIAppm2aCMiK35hPufA2V',
    'base64',
  );

  function encoded(url: string, encoding: string, body: Buffer) {
    return send(`${url}/v1/chat/completions`, { method: 'POST', headers: ['Content-Encoding', encoding], body });
  }

  it('in zstd is translated, and goes on plain', async () => {
    const { url, seen } = await before((request, response) => {
      expect(request.headers['content-encoding']).toBeUndefined();
      response.end(DONE);
    });
    expect((await encoded(url, 'zstd', zstd)).message.headers['x-rightsize-route']).toBe('translate');
    expect(JSON.parse(seen[0]!.body)).toMatchObject({ model: 'm', options: { num_predict: 2 } });
  });

  it.each(['gzip', 'br', 'zstd'])(
    'in %s that cannot be read goes on as it came: the server says what is wrong',
    async (encoding) => {
      const got: [string | undefined, string][] = [];
      const gateway = await bench.before((request, response) => {
        void bodyOf(request).then((body) => {
          got.push([request.headers['content-encoding'], body.toString('latin1')]);
          response.writeHead(400).end('no');
        });
      });
      const answer = await encoded(gateway.url, encoding, Buffer.from('\x1f\x8bpacked', 'latin1'));
      expect([answer.status, answer.message.headers['x-rightsize-route-reason']]).toEqual([400, 'encoding']);
      expect(got).toEqual([[encoding, '\x1f\x8bpacked']]);
    },
  );
});

describe('a message of the Anthropic dialect that asks a model to think', () => {
  const asked = { ...HELLO, max_tokens: 5, thinking: { type: 'enabled', budget_tokens: 1024 } };

  it('is asked again without, when the model cannot, and the next one is at once', async () => {
    const { url, seen } = await before((_request, response) => {
      const { think } = JSON.parse(seen.at(-1)!.body) as { think?: boolean };
      if (think === true) response.writeHead(400).end('{"error":"\\"m\\" does not support thinking"}');
      else response.end(DONE);
    });
    const first = await post(url, asked, '/v1/messages');
    expect(JSON.parse(first.body.toString())).toMatchObject({ type: 'message', stop_reason: 'end_turn' });
    expect(seen.map((each) => (JSON.parse(each.body) as { think?: boolean }).think)).toEqual([true, undefined]);
    expect(bench.door.ends).toEqual(['complete', 'complete']);
    await post(url, asked, '/v1/messages');
    expect(seen).toHaveLength(3);
  });

  it('is refused as the server refuses it for any other reason', async () => {
    const { url, seen } = await before((_request, response) => response.writeHead(400).end('{"error":"no"}'));
    const answer = await post(url, asked, '/v1/messages');
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'no' },
    });
    expect(seen).toHaveLength(1);
  });
});
