import { LONG, MODELS, begin, call, loadedWindow, simulatorFor, type Json, type Reply } from './sim-fixture.js';

const held = simulatorFor();

function generate(model: string, options: Json = {}, body: Json = {}): Promise<Reply> {
  const request = { model, prompt: 'Hi there', stream: false, options: { num_predict: 4, ...options }, ...body };
  return call(held.sim, 'POST', '/api/generate', request);
}

function loads(reply: Reply): boolean {
  return Number(reply.json.load_duration ?? 0) >= 200e6;
}

function refusal(reply: Reply): Json {
  return (JSON.parse(String(reply.json.error)) as { error: Json }).error;
}

describe.each(MODELS)('windows of %s over HTTP', (model) => {
  it('the first load takes the default, which explicit and absent values then share', async () => {
    const [first, absent, explicit] = [
      await generate(model),
      await generate(model),
      await generate(model, { num_ctx: 4096 }),
    ];
    expect([loads(first), loads(absent), loads(explicit)]).toEqual([true, false, false]);
    expect(await loadedWindow(held.sim)).toBe(4096);
  });

  it('any other value reloads, smaller ones too, and going back to the default as well', async () => {
    const seen: unknown[] = [];
    for (const options of [{ num_ctx: 8192 }, { num_ctx: 8192 }, { num_ctx: 6000 }, {}, {}]) {
      seen.push(loads(await generate(model, options)), await loadedWindow(held.sim));
    }
    expect(seen).toEqual([true, 8192, false, 8192, true, 6000, true, 4096, false, 4096]);
  });

  it('a string is refused with 500 and changes nothing', async () => {
    await generate(model, { num_ctx: 6000 });
    const refused = await generate(model, { num_ctx: '8192' });
    expect([refused.status, refused.text]).toEqual([500, '{"error":"option \\"num_ctx\\" must be of type integer"}']);
    expect(await loadedWindow(held.sim)).toBe(6000);
  });

  it('values beyond the trained context are clamped to it and equal', async () => {
    const { json } = await call(held.sim, 'POST', '/api/show', { model });
    const info = json.model_info as Json;
    const trained = Number(info[`${String(info['general.architecture'])}.context_length`]);
    const replies = [
      await generate(model, { num_ctx: trained + 1000 }),
      await generate(model, { num_ctx: trained + 5000 }),
    ];
    expect([...replies.map(loads), await loadedWindow(held.sim)]).toEqual([true, false, trained]);
  });

  it('a prompt that is too long is cut to half the window in silence', async () => {
    const reply = await generate(model, { num_ctx: 2048 }, { prompt: LONG });
    expect(reply.status).toBe(200);
    expect([1026, 1027]).toContain(reply.json.prompt_eval_count);
    expect(held.sim.stats().cuts).toBe(1);
  });

  it('truncate:false refuses with the counts of the window as the runner rounds it', async () => {
    const refused = await generate(model, { num_ctx: 1000 }, { prompt: LONG, truncate: false });
    expect(refused.status).toBe(400);
    const { n_prompt_tokens: tokens, n_ctx, type } = refusal(refused);
    expect([n_ctx, type]).toEqual([1024, 'exceed_context_size_error']);
    const enough = Math.ceil((Number(tokens) + 8) / 256) * 256;
    const fits = await generate(model, { num_ctx: enough }, { prompt: LONG, truncate: false });
    expect([fits.status, fits.json.prompt_eval_count]).toEqual([200, tokens]);
  });

  it('truncate:false refuses a stream before it starts', async () => {
    const body = { model, messages: [{ role: 'user', content: LONG }], truncate: false, options: { num_ctx: 2048 } };
    const refused = await call(held.sim, 'POST', '/api/chat', body);
    expect([refused.status, refused.headers['content-type'], refusal(refused).n_ctx]).toEqual([
      400,
      'application/json',
      2048,
    ]);
  });

  it('a preload sets the window, an unload empties it', async () => {
    const load = await call(held.sim, 'POST', '/api/generate', { model, options: { num_ctx: 3072 } });
    expect([load.json.done_reason, await loadedWindow(held.sim)]).toEqual(['load', 3072]);
    const unload = await call(held.sim, 'POST', '/api/generate', { model, keep_alive: 0 });
    expect([unload.json.done_reason, await loadedWindow(held.sim)]).toEqual(['unload', null]);
  });

  it('the OpenAI route cannot say a window', async () => {
    const body = {
      model,
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 4,
      num_ctx: 16384,
      options: { num_ctx: 16384 },
    };
    expect((await call(held.sim, 'POST', '/v1/chat/completions', body)).status).toBe(200);
    expect(await loadedWindow(held.sim)).toBe(4096);
  });
});

it('one message that is too long is cut where the server renders, refused where the runner does', async () => {
  const chat = (model: string) =>
    call(held.sim, 'POST', '/api/chat', {
      model,
      messages: [{ role: 'user', content: LONG }],
      stream: false,
      options: { num_ctx: 2048, num_predict: 4 },
    });
  const [cut, refused] = [await chat('llama3.2'), await chat('qwen3')];
  expect([cut.status, cut.json.prompt_eval_count, refused.status]).toEqual([200, 1027, 400]);
});

it('a limit of zero tokens is one token where the runner renders, and none where the server does', async () => {
  const chat = (model: string) =>
    call(held.sim, 'POST', '/api/chat', {
      model,
      messages: [{ role: 'user', content: 'x' }],
      stream: false,
      options: { num_predict: 0 },
    });
  const [own, rendered] = [await chat('qwen3'), await chat('llama3.2')];
  expect(own.json).toMatchObject({ eval_count: 1, done_reason: 'length' });
  expect(rendered.json).toMatchObject({ done_reason: 'stop' });
});

it('a model kept for ever expires centuries from now', async () => {
  await generate('llama3.2', {}, { keep_alive: -1 });
  const { json } = await call(held.sim, 'GET', '/api/ps');
  const years = (Date.parse(String((json.models as Json[])[0]?.expires_at)) - Date.now()) / (365.25 * 86_400_000);
  expect(Math.round(years)).toBe(292);
});

it('a client that leaves frees the runner, and is counted', async () => {
  const stream = await begin(held.sim, '/api/generate', {
    model: 'llama3.2',
    prompt: 'x',
    options: { num_predict: 5000 },
  });
  stream.leave();
  const next = await generate('llama3.2');
  expect(next.status).toBe(200);
  const { requests, outcomes } = held.sim.stats();
  expect(requests).toBe(outcomes.done + outcomes.cancelled);
});

it('an alias with a window of its own shares the runner of its file', async () => {
  await call(held.sim, 'POST', '/api/create', { model: 'wide', from: 'llama3.2', parameters: { num_ctx: 16384 } });
  await generate('wide');
  expect(await loadedWindow(held.sim)).toBe(16384);
  await generate('llama3.2');
  const { json } = await call(held.sim, 'GET', '/api/ps');
  expect((json.models as Json[]).map((model) => [model.name, model.context_length])).toEqual([
    ['llama3.2:latest', 4096],
  ]);
});

it('a repeated prefix is cached until a reload loses it', async () => {
  const prompt = Array.from({ length: 800 }, (_, i) => `t${i}`).join(' ');
  const first = await generate('llama3.2', { num_ctx: 8192 }, { prompt });
  const second = await generate('llama3.2', { num_ctx: 8192 }, { prompt: `${prompt} more` });
  const third = await generate('llama3.2', { num_ctx: 8448 }, { prompt: `${prompt} more` });
  expect(Number(second.json.prompt_eval_cached_count)).toBeGreaterThan(Number(first.json.prompt_eval_count) / 2);
  expect([first.json.prompt_eval_cached_count, third.json.prompt_eval_cached_count]).toEqual([0, 0]);
});

it('the next turn of a chat finds its prompt and the answer in the cache', async () => {
  const chat = (messages: Json[]) =>
    call(held.sim, 'POST', '/api/chat', { model: 'llama3.2', messages, stream: false, options: { num_predict: 40 } });
  const question = { role: 'user', content: 'tell me something' };
  const { json: first } = await chat([question]);
  const { json: second } = await chat([question, first.message as Json, { role: 'user', content: 'and then?' }]);
  expect(second.prompt_eval_cached_count).toBe(Number(first.prompt_eval_count) + Number(first.eval_count));
});
