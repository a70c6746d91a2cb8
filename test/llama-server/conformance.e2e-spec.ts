import { OpenAiAnswerTap, parseModelList, parsePropsWindow, type TapEnding } from '@rightsize/ollama';
import { startStandIn, type StandIn } from './stand-in.js';

/**
 * What Rightsize relies on of llama.cpp's server. The stand-in has to behave so; a real one, started with a window
 * of some thousand tokens, is asked the same at the address in LLAMA_SERVER_URL.
 */
const REAL = process.env['LLAMA_SERVER_URL'];

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly ending: TapEnding;
  readonly product: string | null;
}

const TEXT = 'one two three four five';

describe.each([['the stand-in', undefined] as const, ...(REAL ? [['a real one', REAL] as const] : [])])(
  '%s',
  (_name, real) => {
    let standIn: StandIn | null = null;
    let url = '';
    let window = 0;

    beforeAll(async () => {
      standIn = real ? null : await startStandIn();
      url = real ?? standIn!.url;
      window = parseModelList(await (await fetch(`${url}/v1/models`)).json())![0]!.window!;
    });

    afterAll(() => standIn?.close());

    async function ask(path: string, body: object): Promise<Asked> {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await response.text();
      const tap = new OpenAiAnswerTap();
      tap.push(Buffer.from(text));
      return { status: response.status, text, ending: tap.ending, product: response.headers.get('server') };
    }

    const messages = [{ role: 'user', content: TEXT }];
    const countsOf = ({ ending }: Asked) => {
      if (ending.kind !== 'final') throw new Error(JSON.stringify(ending));
      return ending.chunk;
    };

    it('tells the window of a slot in its list of models and in its properties', async () => {
      const props = (await (await fetch(`${url}/props`)).json()) as unknown;
      expect(parsePropsWindow(props)).toBe(window);
      const [model] = parseModelList(await (await fetch(`${url}/v1/models`)).json())!;
      expect(model!.trainedContext).toBeGreaterThanOrEqual(window);
      expect(model!.weightsBytes).toBeGreaterThan(1e6);
    });

    it("names itself, and knows none of Ollama's routes that tell them apart", async () => {
      for (const path of ['/api/version', '/api/ps']) {
        const response = await fetch(`${url}${path}`);
        expect([response.status, response.headers.get('server')]).toEqual([404, 'llama.cpp']);
        await response.text();
      }
    });

    it('answers under whatever name, or none', async () => {
      for (const model of [{}, { model: 'gpt-4o' }]) {
        const { status } = await ask('/v1/chat/completions', { ...model, messages, max_tokens: 1 });
        expect(status).toBe(200);
      }
    });

    it('counts prompt and answer, whole or streamed, with usage or without: all the same', async () => {
      const body = { messages, max_tokens: 3 };
      const whole = countsOf(await ask('/v1/chat/completions', body));
      expect(whole).toMatchObject({ doneReason: 'length', outputTokens: 3 });
      expect(whole.promptTokens).toBeGreaterThan(5);
      const streamed = await ask('/v1/chat/completions', { ...body, stream: true });
      expect(streamed.text).not.toContain('"usage"');
      const counted = { doneReason: 'length', promptTokens: whole.promptTokens };
      expect(countsOf(streamed)).toMatchObject(counted);
      const withUsage = { ...body, stream: true, stream_options: { include_usage: true } };
      expect(countsOf(await ask('/v1/chat/completions', withUsage))).toMatchObject(counted);
    });

    it('counts completions on both routes, whole or streamed', async () => {
      const counts = [];
      for (const stream of [false, true]) {
        counts.push(countsOf(await ask('/v1/completions', { prompt: TEXT, max_tokens: 2, stream })));
        counts.push(countsOf(await ask('/completion', { prompt: TEXT, n_predict: 2, stream })));
      }
      const { promptTokens } = counts[0]!;
      for (const each of counts) expect(each).toMatchObject({ doneReason: 'length', promptTokens });
    });

    it('refuses a prompt that does not fit, with both numbers, streamed or not', async () => {
      const long = 'word '.repeat(window);
      for (const stream of [false, true]) {
        const chat = await ask('/v1/chat/completions', { messages: [{ role: 'user', content: long }], stream });
        expect(chat.status).toBe(400);
        expect(chat.ending).toMatchObject({ kind: 'error', refusal: { window } });
        const completion = await ask('/v1/completions', { prompt: long, stream });
        expect(completion.ending).toMatchObject({ kind: 'error', refusal: { window } });
      }
    });

    it('ends an answer where the window is full, as if a limit had', async () => {
      const prompt = 'word '.repeat(window - 18);
      const { doneReason, promptTokens, outputTokens } = countsOf(
        await ask('/v1/completions', { prompt, max_tokens: 60, ignore_eos: true }),
      );
      expect(doneReason).toBe('length');
      expect(outputTokens).toBeLessThan(40);
      expect(promptTokens! + outputTokens!).toBeGreaterThanOrEqual(window - 1);
      expect(promptTokens! + outputTokens!).toBeLessThanOrEqual(window);
    });
  },
);

it('shifts only when it was told to', async () => {
  const shifting = await startStandIn({ window: 64, shifts: true });
  try {
    const body = JSON.stringify({ prompt: 'word '.repeat(50) });
    const response = await fetch(`${shifting.url}/v1/completions`, { method: 'POST', body });
    const { usage } = (await response.json()) as { usage: { total_tokens: number } };
    expect(usage.total_tokens).toBeGreaterThan(64);
  } finally {
    await shifting.close();
  }
});
