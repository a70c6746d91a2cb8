import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createSimulator, type Simulator, type SimulatorOptions } from '../src/simulator.js';

export type Json = Record<string, unknown>;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The whole body as JSON; of a stream its last line. */
  readonly json: Json;
  readonly lines: readonly Json[];
  /** `data:` lines of an event stream, `[DONE]` left out. */
  readonly events: readonly Json[];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function replyOf(res: IncomingMessage, text: string): Reply {
  const lines = text.split('\n').filter((line) => line !== '');
  const data = lines.filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)) as Json);
  const parsed = lines.map(parse).filter((line): line is Json => typeof line === 'object' && line !== null);
  const json = (parse(text) ?? parsed.at(-1) ?? {}) as Json;
  return { status: res.statusCode ?? 0, headers: res.headers, text, json, lines: parsed, events: data };
}

/** One exchange over a connection of its own. `body`: an object is sent as JSON, a text as it is. */
export async function call(sim: Simulator, method: string, path: string, body?: Json | string): Promise<Reply> {
  const req = request(`${sim.url}${path}`, { method, agent: false });
  req.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of res.setEncoding('utf8')) text += String(chunk);
  return replyOf(res, text);
}

/** Starts a stream and returns at its first bytes; `leave` hangs up. */
export async function begin(sim: Simulator, path: string, body: Json): Promise<{ readonly leave: () => void }> {
  const req = request(`${sim.url}${path}`, { method: 'POST', agent: false });
  req.end(JSON.stringify(body));
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  res.on('error', () => undefined);
  await once(res, 'data');
  return { leave: () => req.destroy() };
}

/** Starts a simulator for the tests of a file and stops it after them. No waiting unless asked for. */
export function simulatorFor(options: SimulatorOptions = {}): { readonly sim: Simulator } {
  const holder = {} as { sim: Simulator };
  beforeAll(async () => {
    holder.sim = await createSimulator({ timeScale: 0, ...options });
  });
  beforeEach(() => holder.sim.reset());
  afterAll(() => holder.sim.close());
  return holder;
}

/** The window that is loaded, null when none is. */
export async function loadedWindow(sim: Simulator): Promise<number | null> {
  const { json } = await call(sim, 'GET', '/api/ps');
  return ((json.models as Json[])[0]?.context_length as number | undefined) ?? null;
}

export const MODELS = ['llama3.2', 'qwen3'] as const;

/** Words that no tokenizer holds in a small window. */
export const LONG = Array.from({ length: 6000 }, (_, i) => `word${i}`).join(' ');
