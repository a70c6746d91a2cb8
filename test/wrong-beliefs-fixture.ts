import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES } from '@rightsize/ollama-model';
import type { RightsizeOptions } from '@rightsize/optimizer';
import { startGateway, type Gateway } from '../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator, type SimulatorOptions } from '../apps/ollama-sim/src/simulator.js';
import { startWarped, type Warp, type WarpedUpstream } from './warped-upstream.js';

export interface Asked {
  /** Words, each a token or two. */
  readonly words: number;
  readonly options?: object;
  readonly model?: string;
  readonly more?: object;
}

export interface Got {
  readonly status: number;
  readonly promptTokens: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Five minutes of the stand-in's own time pass in a moment: its runners stay until they are told to go. */
const PATIENT = { ...PROFILES.gpu8, keepAliveSeconds: 1e6 };

/** A stand-in server, something between that warps what it says, and a gateway before both. */
export class World {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rightsize-beliefs-'));
  sim!: Simulator;
  upstream!: WarpedUpstream;
  gateway!: Gateway;
  #simOptions: SimulatorOptions = {};

  async start({ warp = {}, sim = {} }: { warp?: Warp; sim?: SimulatorOptions } = {}): Promise<void> {
    this.#simOptions = { timeScale: 0.002, hardware: PATIENT, ...sim };
    this.sim = await createSimulator(this.#simOptions);
    this.upstream = await startWarped(this.sim.url, warp);
    await this.startGateway();
  }

  async startGateway(rightsize: Partial<RightsizeOptions> = {}): Promise<void> {
    this.gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 2 ** 26,
      drainMs: 10_000,
      connectTimeoutMs: 5_000,
      logLevel: 'silent',
      rightsize: {
        upstream: this.upstream.url,
        database: join(this.#folder, 'log.sqlite'),
        pollMs: 20,
        lookMs: 5_000,
        ...rightsize,
      },
    } as Parameters<typeof startGateway>[0]);
  }

  /** The server ends, and another one comes in its place: nothing loaded, nothing counted. */
  async restartServer(sim: SimulatorOptions = {}): Promise<void> {
    await this.sim.close();
    this.sim = await createSimulator({ ...this.#simOptions, ...sim });
    this.upstream.target = this.sim.url;
  }

  ask(asked: Asked): Promise<Got> {
    return chat(this.gateway.url, asked);
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
    await this.sim.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One chat at a server, read to its end. */
export async function chat(url: string, { words, options, model = 'llama3.2', more }: Asked): Promise<Got> {
  const content = Array.from({ length: words }, (_, i) => `word${(i * 7919) % 997}`).join(' ');
  const body = { model, messages: [{ role: 'user', content }], ...(options ? { options } : {}), ...more };
  const answer = await fetch(`${url}/api/chat`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  const last = text.trimEnd().split('\n').at(-1)!;
  const { prompt_eval_count: promptTokens = 0 } = JSON.parse(last) as { prompt_eval_count?: number };
  return { status: answer.status, promptTokens, text, headers: answer.headers };
}

/** Statuses of answers that came whole: a stream that breaks off has none. */
export function statuses(all: readonly Got[]): number[] {
  return all.map(({ status, text }) => (text.includes('"done":true') ? status : -status));
}
