import { FinalChunkTap, type FinalChunk } from '@rightsize/ollama';
import { Pool } from 'undici';
import type { Step } from './clients.js';

/** What became of one request. */
export interface Result {
  readonly step: Step;
  /** Seconds on the demo's clock, from sending to the last byte. */
  readonly seconds: number;
  readonly status: number;
  readonly final: FinalChunk | null;
  /** The window it was sent with as far as the client can see, tokens; null: the server's default. */
  readonly window: number | null;
  readonly rule: string | null;
}

export interface RunOptions {
  readonly url: string;
  /** Wall seconds for one second of the demo's clock: the simulator's time scale; 1 on a real server. */
  readonly timeScale: number;
  /** Replaces every client's own window; undefined leaves them as they are. */
  readonly window?: number;
  readonly onResult: () => void;
}

export interface Run {
  readonly results: readonly Result[];
  /** From the first request to the last answer, seconds on the demo's clock. */
  readonly seconds: number;
}

/** All clients at once, each sending its next request a pause after its last answer. */
export async function run(workload: readonly (readonly Step[])[], options: RunOptions): Promise<Run> {
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
    await pause(step.pause * options.timeScale);
    results.push(await send(pool, step, options));
    options.onResult();
  }
  return results;
}

async function send(pool: Pool, step: Step, { window, timeScale }: RunOptions): Promise<Result> {
  const body = window === undefined ? step.body : { ...step.body, options: { ...step.body.options, num_ctx: window } };
  const began = performance.now();
  const response = await pool.request({
    method: 'POST',
    path: step.path,
    headers: { 'content-type': 'application/json', 'x-rightsize-client': step.client },
    body: JSON.stringify(body),
  });
  const tap = new FinalChunkTap();
  for await (const chunk of response.body) tap.push(chunk as Buffer);
  const { ending } = tap;
  const imposed = Number(response.headers['x-rightsize-num-ctx'] ?? Number.NaN);
  const own = body.options?.['num_ctx'];
  return {
    step,
    seconds: elapsed(began, timeScale),
    status: response.statusCode,
    final: ending.kind === 'final' ? ending.chunk : null,
    window: Number.isFinite(imposed) ? imposed : typeof own === 'number' ? own : null,
    rule: (response.headers['x-rightsize-rule'] as string | undefined) ?? null,
  };
}

function elapsed(began: number, timeScale: number): number {
  return (performance.now() - began) / 1000 / timeScale;
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
