import type { Answered, AskedServer } from '../src/asked-server.js';
import type { Backend } from '../src/backend.js';
import { DetectedBackend } from '../src/detected-backend.js';
import { OllamaBackend } from '../src/ollama-backend.js';
import { OpenAiBackend } from '../src/openai-backend.js';

/** A server that answers these paths; the rest is 404, and null cannot be reached. */
class Answers {
  readonly asked: string[] = [];
  product = '';
  clock = 0;

  constructor(public paths: Readonly<Record<string, Partial<Answered>>> | null) {}

  get server(): AskedServer {
    return this as unknown as AskedServer;
  }

  ask(_method: string, path: string): Promise<Answered> {
    this.asked.push(path);
    if (this.paths === null) return Promise.reject(new Error('refused'));
    const found = this.paths[path];
    const answer = found ? { status: 200, json: null, ...found } : { status: 404, json: null };
    return Promise.resolve({ dateMs: 0, product: this.product, ...answer });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  openAi(configured: number | null = null): OpenAiBackend {
    return new OpenAiBackend(this.server, configured, () => this.clock);
  }

  detected(): DetectedBackend {
    return new DetectedBackend(this.server, new OllamaBackend(this.server), this.openAi());
  }
}

const listing = (...data: readonly object[]) => ({ '/v1/models': { json: { data } } });
const LLAMA = { id: 'work/random.gguf', aliases: ['small'], meta: { n_ctx: 2048, n_ctx_train: 131_072, size: 9 } };

describe('a server with one window for all', () => {
  it('is looked at where it lists its models: window, trained context, size', async () => {
    const backend = new Answers(listing(LLAMA)).openAi();
    expect(await backend.loaded()).toMatchObject([{ model: 'work/random.gguf', window: 2048, expiresInMs: null }]);
    expect(await backend.facts('work/random.gguf')).toMatchObject({
      trainedContext: 131_072,
      weightsBytes: 9,
      windowIsFixed: true,
    });
  });

  it('calls its only model by one name, whatever it is called', async () => {
    const backend = new Answers(listing(LLAMA)).openAi();
    await backend.identify();
    expect(['gpt-4o', 'small', ''].map((name) => backend.canonicalName(name))).toEqual(Array(3).fill(LLAMA.id));
  });

  it('tells several apart, and knows no others', async () => {
    const backend = new Answers(listing({ id: 'a', max_model_len: 100 }, { id: 'b' })).openAi();
    await backend.identify();
    expect([backend.canonicalName('b'), backend.canonicalName('c')]).toEqual(['b', 'c']);
    expect(await backend.facts('c')).toBeNull();
    expect(await backend.loaded()).toMatchObject([{ window: 100 }, { window: null }]);
  });

  it('is asked for its properties where its list tells no window; what it tells goes before what was configured', async () => {
    const props = { json: { default_generation_settings: { n_ctx: 4096 } } };
    const old = new Answers({ ...listing({ id: 'a' }), '/props': props });
    expect(await old.openAi(1000).loaded()).toMatchObject([{ window: 4096 }]);
    expect(await new Answers(listing({ id: 'a' })).openAi(1000).loaded()).toMatchObject([{ window: 1000 }]);
  });

  it('is asked once a second, however many want to know, and again when it has been started anew', async () => {
    const answers = new Answers(listing(LLAMA));
    const backend = answers.openAi();
    await Promise.all([backend.loaded(), backend.facts(LLAMA.id), backend.identify()]);
    await backend.loaded();
    expect(answers.asked).toEqual(['/v1/models']);
    answers.clock = 1_000;
    answers.paths = listing({ ...LLAMA, meta: { n_ctx: 8192 } });
    expect(await backend.loaded()).toMatchObject([{ window: 8192 }]);
  });

  it('has nothing loaded while it loads, and is not read where it does not answer', async () => {
    expect(await new Answers({ '/v1/models': { status: 503 } }).openAi().loaded()).toEqual([]);
    await expect(new Answers({ '/v1/models': { status: 401 } }).openAi().loaded()).rejects.toThrow('status 401');
    await expect(new Answers(null).openAi().loaded()).rejects.toThrow('refused');
  });
});

describe('a server of which nobody said what it is', () => {
  async function foundOut(answers: Answers): Promise<string> {
    const backend: Backend = answers.detected();
    await backend.identify();
    return backend.server.name;
  }

  it('is Ollama when it tells a version, and is asked nothing else', async () => {
    const answers = new Answers({ '/api/version': { json: { version: '0.34.4' } }, ...listing(LLAMA) });
    expect(await foundOut(answers)).toBe('Ollama');
    expect(answers.asked).toEqual(['/api/version']);
  });

  it('is llama-server when it says so, also while it loads', async () => {
    const answers = new Answers({ '/api/version': { status: 503 }, '/v1/models': { status: 503 } });
    answers.product = 'llama.cpp';
    expect(await foundOut(answers)).toBe('llama-server');
  });

  it('is another when it lists models', async () => {
    expect(await foundOut(new Answers(listing({ id: 'a' })))).toBe('OpenAI-compatible server');
  });

  it('is taken for Ollama where it is nobody that is known, or cannot be reached: then it is asked again', async () => {
    expect(await foundOut(new Answers({}))).toBe('Ollama');
    const answers = new Answers(null);
    const backend = answers.detected();
    await backend.identify();
    expect(backend.server.name).toBe('Ollama');
    answers.paths = listing(LLAMA);
    await backend.identify();
    expect(backend.server).toMatchObject({ windows: 'fixed', dialect: 'openai' });
    expect(backend.identify()).toBeNull();
  });
});
