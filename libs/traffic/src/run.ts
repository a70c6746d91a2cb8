import { FinalChunkTap, type FinalChunk } from '@rightsize/ollama';
import { Pool } from 'undici';
import type { Step, Workload } from './step.js';

/** What became of one request. */
export interface Result {
  readonly step: Step;
  /** Seconds on the server's clock, from sending to the last byte. */
  readonly seconds: number;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly final: FinalChunk | null;
  /** The window it was sent with as far as the client can see, tokens; null: the server's default. */
  readonly window: number | null;
  readonly rule: string | null;
}

export interface RunOptions {
  readonly url: string;
  /** Wall seconds for one second of the server's clock: the simulator's time scale; 1 on a real server. */
  readonly timeScale: number;
  /** Replaces every client's own window; undefined leaves them as they are. */
  readonly window?: number;
  /** Share of each step's pause that is waited. @default 1 */
  readonly pauses?: number;
  readonly onResult: () => void;
}

export interface Run {
  readonly results: readonly Result[];
  /** From the first request to the last answer, seconds on the server's clock. */
  readonly seconds: number;
}

/** All clients at once, each sending its next request a pause after its last answer. */
export async function run(workload: Workload, options: RunOptions): Promise<Run> {
  const pool = new Pool(options.url, { headersTimeout: 0, bodyTimeout: 0 });
  const began = performance.now();
  try {
    const results = await Promise.all(workload.map((steps) => runClient(pool, steps, options)));
    return { results: results.flat(), seconds: elapsed(began, options.timeScale) };
  } finally {
    await pool.close();
  }
}

async function runClient(pool: Pool, steps: readonly Step[], options: RunOptions): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const step of steps) {
    await pause(step.pause * (options.pauses ?? 1) * options.timeScale);
    results.push(await send(pool, step, options));
    options.onResult();
  }
  return results;
}

async function send(pool: Pool, step: Step, { window, timeScale }: RunOptions): Promise<Result> {
  const body = window === undefined ? step.body : { ...step.body, options: { ...step.body.options, num_ctx: window } };
  const own = body.options?.['num_ctx'];
  const began = performance.now();
  const answer = await ask(pool, step, JSON.stringify(body)).catch(() => NO_ANSWER);
  const imposed = Number(answer.headers['x-rightsize-num-ctx'] ?? Number.NaN);
  return {
    step,
    seconds: elapsed(began, timeScale),
    status: answer.status,
    final: answer.final,
    window: Number.isFinite(imposed) ? imposed : typeof own === 'number' ? own : null,
    rule: (answer.headers['x-rightsize-rule'] as string | undefined) ?? null,
  };
}

interface Answer extends Pick<Result, 'status' | 'final'> {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const NO_ANSWER: Answer = { status: 0, final: null, headers: {} };

async function ask(pool: Pool, { path, client }: Step, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-rightsize-client': client };
  const response = await pool.request({ method: 'POST', path, headers, body });
  const tap = new FinalChunkTap();
  for await (const chunk of response.body) tap.push(chunk as Buffer);
  const { ending } = tap;
  const final = ending.kind === 'final' ? ending.chunk : null;
  return { status: response.statusCode, final, headers: response.headers };
}

function elapsed(began: number, timeScale: number): number {
  return (performance.now() - began) / 1000 / timeScale;
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
