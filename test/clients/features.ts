import type { Client, JsonSchema, Question, Said, Talk, Tool } from './client.js';
import { startQuickWorld, startRealWorld, startSlowWorld, type World } from './client-world.js';

/** `URL,MODEL`: the same before a real server as well, whose model must be small. */
const REAL = process.env['RIGHTSIZE_REAL_OLLAMA'];

const SCHEMA: JsonSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, people: { type: 'integer' } },
  required: ['city', 'people'],
};
const TOOL: Tool = { name: 'weather', description: 'Tells the weather of a city', parameters: SCHEMA };

/** Beyond the default window of 4096 tokens; nothing that another prompt begins with. */
function longPrompt({ simulator }: World, about: string): string {
  // A real server takes its time: 5,600 tokens or so will do there.
  return Array.from({ length: simulator ? 5000 : 2000 }, (_, i) => `${about}${i}`).join(' ');
}

/** What it comes to when nothing cuts it, as the server itself counts: asked natively, with a window that holds it. */
async function trueCount({ direct, model, simulator }: World, client: Client, prompt: string): Promise<number> {
  const isRaw = /generate|completions$/.test(client.name) && !client.name.includes('chat');
  const response = await fetch(`${direct}${isRaw ? '/api/generate' : '/api/chat'}`, {
    method: 'POST',
    body: JSON.stringify({
      model,
      ...(isRaw ? { prompt } : { messages: [{ role: 'user', content: prompt }] }),
      stream: false,
      options: { num_ctx: simulator ? 32_768 : 8192, num_predict: 1 },
    }),
  });
  return ((await response.json()) as { prompt_eval_count: number }).prompt_eval_count;
}

/** What the server was asked by the gateway, its own questions left out. */
function inferenceOf({ between }: World) {
  return between.exchanges.filter(({ path }) => /^\/(api\/(chat|generate)$|v1\/)/.test(path));
}

/** The window of the last request, which the server was told to refuse rather than cut. */
function windowAsked(world: World): number {
  const { options, truncate } = JSON.parse(inferenceOf(world).at(-1)!.body) as {
    options: { num_ctx: number };
    truncate: boolean;
  };
  return truncate ? 0 : options.num_ctx;
}

/** Without what depends on who asked before: a prefix that is cached is counted as read, or not at all. */
function comparable({ text, calls, promptTokens }: Said) {
  return { text, calls, promptTokens };
}

function stream(talk: Talk, question: Question): Promise<Said> {
  return talk.stream(question, new AbortController().signal, () => undefined);
}

/** What everything through the gateway has in common: the same as the server says itself. */
function describeAnswers(client: Client, limit: number | undefined, world: () => World): void {
  const talks = (model = world().model): [direct: Talk, gateway: Talk] => {
    const { direct, gateway } = world();
    return [client.connect(direct, model), client.connect(gateway, model)];
  };
  const bounded = limit === undefined ? {} : { limit };
  const lacks = (feature: Client['lacks'][number]) => client.lacks.includes(feature);
  const when = (has: boolean) => (has ? it : it.skip);

  it('hears the same whole answer', async () => {
    const [direct, gateway] = talks();
    const question = { prompt: 'Why is the sky blue?', ...bounded };
    const answer = comparable(await gateway.ask(question));
    expect(answer).toEqual(comparable(await direct.ask(question)));
    expect(answer.text).not.toBe('');
    expect(inferenceOf(world()).at(-1)!.body).toContain('"num_ctx"');
  });

  it('hears the same streamed', async () => {
    const [direct, gateway] = talks();
    const question = { prompt: 'Name the planets.', ...bounded };
    let pieces = 0;
    const answer = await gateway.stream(question, new AbortController().signal, () => void (pieces += 1));
    expect(comparable(answer)).toEqual(comparable(await stream(direct, question)));
    expect(answer.text).toBe((await gateway.ask(question)).text);
    expect(pieces).toBeGreaterThan(1);
  });

  when(!lacks('tools'))('calls tools, whole and streamed, and goes on from their results', async () => {
    const [direct, gateway] = talks(world().toolsModel);
    let called = false;
    // Not every question of the stand-in's ends in a call.
    for (const city of ['Paris', 'Rome', 'Lima', 'Oslo', 'Bonn', 'Bern']) {
      const question = { prompt: `How is the weather in ${city}?`, tool: TOOL, ...bounded };
      const answer = await gateway.ask(question);
      const expected = await direct.ask(question);
      expect(comparable(answer)).toEqual(comparable(expected));
      expect(comparable(await stream(gateway, question))).toEqual(comparable(await stream(direct, question)));
      if (answer.calls.length === 0) continue;
      called = true;
      expect(answer.calls).toEqual([{ name: TOOL.name, arguments: expect.anything() as unknown }]);
      if (lacks('results')) break;
      expect(comparable(await answer.resume!('sunny'))).toEqual(comparable(await expected.resume!('sunny')));
      break;
    }
    if (world().simulator) expect(called).toBe(true);
  });

  when(!lacks('json'))('gets JSON of a schema, whole and streamed', async () => {
    const [direct, gateway] = talks();
    const question = { prompt: 'Which city is the largest?', schema: SCHEMA };
    const answer = await gateway.ask(question);
    expect(comparable(answer)).toEqual(comparable(await direct.ask(question)));
    expect(JSON.parse(answer.text)).toEqual({
      city: expect.any(String) as string,
      people: expect.any(Number) as number,
    });
    expect((await stream(gateway, question)).text).toBe(answer.text);
  });

  it('has a prompt beyond the default window read whole', async () => {
    const [direct, gateway] = talks();
    const prompts = { whole: longPrompt(world(), 'w'), streamed: longPrompt(world(), 's') };
    const counts: Record<string, number> = {};
    for (const [way, ask] of Object.entries({
      whole: gateway.ask.bind(gateway),
      streamed: stream.bind(null, gateway),
    })) {
      const { promptTokens } = await ask({ prompt: prompts[way as keyof typeof prompts], limit: 4 });
      counts[way] = lacks('counts') ? windowAsked(world()) : promptTokens!;
    }
    const expected = {
      whole: await trueCount(world(), client, prompts.whole),
      streamed: await trueCount(world(), client, prompts.streamed),
    };
    if (lacks('counts')) {
      expect(counts['whole']).toBeGreaterThan(expected.whole);
      expect(counts['streamed']).toBeGreaterThan(expected.streamed);
      return;
    }
    expect(counts).toEqual(expected);
    // Which is what makes the difference: the server alone cuts or refuses it. A real one may have a larger default.
    if (!world().simulator) return;
    world().simulator!.reset();
    const refused = (error: unknown) => {
      // `ai` tells the body apart from its message.
      const { responseBody = '' } = error as { responseBody?: string };
      expect(String(error) + responseBody).toContain('exceeds the available context size');
      return 0;
    };
    const alone = direct.ask({ prompt: prompts.whole, limit: 4 });
    expect(await alone.then(({ promptTokens }) => promptTokens!, refused)).toBeLessThan(expected.whole);
  });

  it('hears the same when 20 ask at once', async () => {
    const [direct, gateway] = talks();
    const questions = Array.from({ length: 20 }, (_, i) => ({ prompt: `What is ${i} times ${i}?`, ...bounded }));
    const ask = (talk: Talk, question: Question, i: number) =>
      i % 2 === 0 ? talk.ask(question) : stream(talk, question);
    const answers = await Promise.all(questions.map((question, i) => ask(gateway, question, i)));
    const expected: Said[] = [];
    for (const [i, question] of questions.entries()) expected.push(await ask(direct, question, i));
    expect(answers.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
  });
}

function describeLeaving(client: Client, world: () => World): void {
  const when = client.lacks.includes('leaving') ? it.skip : it;
  when('frees the server at once when it leaves midway', async () => {
    const { gateway, model, simulator } = world();
    let end: string | null = null;
    // A real model of random weights may have said all there is before anybody can leave.
    for (let times = simulator ? 1 : 10; times > 0 && end !== 'left'; times -= 1) {
      const leave = new AbortController();
      // Some packages end a stream that was left in silence, others with an error.
      await client
        .connect(gateway, model)
        .stream({ prompt: `Tell everything, ${times} times.` }, leave.signal, () => leave.abort())
        .catch(() => undefined);
      expect(leave.signal.aborted).toBe(true);
      end = await inferenceOf(world()).at(-1)!.end;
    }
    expect(end).toBe('left');
    if (simulator === null) return;
    while (simulator.stats().outcomes.cancelled === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(simulator.stats().outcomes).toMatchObject({ cancelled: 1, done: 0 });
  });
}

/** All that a client can do, on the stand-in and, where one is named, on a real server. */
export function describeClient(client: Client): void {
  const worlds: World[] = [];
  const started = (start: () => Promise<World>): (() => World) => {
    let world: World;
    beforeAll(async () => void worlds.push((world = await start())), 60_000);
    return () => world;
  };
  afterAll(async () => {
    for (const world of worlds) await world.close();
  });

  describe(`${client.name}, through the gateway`, () => {
    describeAnswers(client, undefined, started(startQuickWorld));
  });
  describe(`${client.name}, through the gateway to a slow server`, () => {
    describeLeaving(client, started(startSlowWorld));
  });
  if (REAL === undefined) {
    it.skip(`${client.name}, on a real server: RIGHTSIZE_REAL_OLLAMA is not set`, () => undefined);
    return;
  }
  describe(`${client.name}, through the gateway to a real server`, () => {
    const world = started(() => startRealWorld(REAL));
    describeAnswers(client, 8, world);
    describeLeaving(client, world);
  });
}
