import {
  run,
  Server,
  tally,
  WindowWatch,
  withAnswerLimit,
  type Mix,
  type Progress,
  type Step,
  type Tally,
  type TrueCounts,
  type Workload,
} from '@rightsize/traffic';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoggedLoads } from './real-loads.js';
import type { MixRows, Side } from './real-report.js';
import { withGateway } from './real-servers.js';

export interface RealOptions {
  readonly upstream: string;
  readonly model: string;
  readonly runs: number;
  readonly size: number;
  readonly seed: number;
  /** No answer is longer than this, tokens. */
  readonly answerTokens: number;
  readonly pauses: number;
  readonly timeScale: number;
  readonly serverLog: string | null;
}

/** One mix, each side as often as asked for, in turns: whatever else the machine does falls on all sides alike. */
export async function compareMix(mix: Mix, options: RealOptions, progress: Progress): Promise<MixRows> {
  const workload = withAnswerLimit(mix.clients(options), options.answerTokens);
  const steps = workload.flat();
  const server = new Server(options.upstream, options.model);
  const defaultWindow = await server.defaultWindow();
  const counts = await server.countPrompts(steps, (done) => progress('counting prompts', done, steps.length));
  const window = Math.max(...steps.map((step) => Math.ceil(needOf(step, counts) / 256) * 256));
  const bench = new Bench(options, workload, counts, defaultWindow, progress);
  const turns: Record<Side, Tally>[] = [];
  for (let turn = 0; turn < options.runs; turn++) turns.push(await bench.turn(window, turn % 2 === 1));
  await server.unload();
  return { mix: mix.name, agree: mix.agree, requests: steps.length, window, turns };
}

/** Prompt and the longest answer it may get, and one token more: a window that is full shifts. */
function needOf(step: Step, counts: TrueCounts): number {
  return (counts.get(step) ?? 0) + Number(step.body.options?.['num_predict'] ?? 0) + 1;
}

class Bench {
  readonly #options: RealOptions;
  readonly #workload: Workload;
  readonly #counts: TrueCounts;
  readonly #defaultWindow: number;
  readonly #progress: Progress;

  constructor(options: RealOptions, workload: Workload, counts: TrueCounts, defaultWindow: number, progress: Progress) {
    this.#options = options;
    this.#workload = workload;
    this.#counts = counts;
    this.#defaultWindow = defaultWindow;
    this.#progress = progress;
  }

  /** Each side once. The second run of a gateway has only what the first left in its database: the process is a new one. */
  async turn(window: number, gatewayFirst: boolean): Promise<Record<Side, Tally>> {
    const { upstream } = this.#options;
    const folder = await mkdtemp(join(tmpdir(), 'rightsize-real-'));
    const plain = async (): Promise<Pick<Record<Side, Tally>, 'direct' | 'known'>> => ({
      direct: await this.#side('direct', upstream),
      known: await this.#side('known', upstream, window),
    });
    const sized = async (): Promise<Pick<Record<Side, Tally>, 'cold' | 'warm'>> => {
      const database = join(folder, 'real.sqlite');
      const cold = await withGateway(upstream, database, (url) => this.#side('cold', url));
      return { cold, warm: await withGateway(upstream, database, (url) => this.#side('warm', url)) };
    };
    try {
      const first = gatewayFirst ? await sized() : await plain();
      const second = gatewayFirst ? await plain() : await sized();
      return { ...first, ...second } as Record<Side, Tally>;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #side(side: Side, url: string, window?: number): Promise<Tally> {
    const { upstream, model, timeScale, pauses, serverLog } = this.#options;
    const server = new Server(upstream, model);
    await new Server(url, model).unload();
    const logged = serverLog === null ? null : new LoggedLoads(serverLog);
    const watch = new WindowWatch(server, Math.max(5, 250 * timeScale));
    const total = this.#workload.flat().length;
    let done = 0;
    const onResult = (): void => this.#progress(side, (done += 1), total);
    const sent = { url, timeScale, pauses, onResult, ...(window === undefined ? {} : { window }) };
    const finished = await run(this.#workload, sent);
    const watched = await watch.stop();
    const loads = logged?.count() ?? watched.loads;
    return tally(side, finished, { ...watched, loads }, this.#counts, this.#defaultWindow);
  }
}
