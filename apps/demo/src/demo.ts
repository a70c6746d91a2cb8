import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, type ChildServer } from './child-server.js';
import { clients, type Step } from './clients.js';
import { run, type Run } from './run.js';
import { Server } from './server.js';
import { largestNeed, slowerIn, tally, type Tally } from './tally.js';
import { WindowWatch } from './window-watch.js';

export interface DemoOptions {
  /** A running server; null starts the stand-in. */
  readonly upstream: string | null;
  readonly model: string;
  readonly seed: number;
  readonly size: number;
  /** Of the stand-in: wall seconds for a second of its clock. */
  readonly timeScale: number;
  /** Keep the gateway's database here; null: in a temporary folder that goes away. */
  readonly database: string | null;
}

export interface DemoResult {
  readonly clock: 'virtual' | 'real';
  readonly tallies: readonly Tally[];
  /** Where Rightsize was slower than direct, in words. */
  readonly slower: readonly string[];
}

/** Says what is being done; `done` of `total` requests. */
export type Progress = (what: string, done: number, total: number) => void;

const APPS = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs the same requests direct, twice through a fresh gateway, and at the one window that one should have known. */
export async function demo(options: DemoOptions, progress: Progress): Promise<DemoResult> {
  const folder = await mkdtemp(join(tmpdir(), 'rightsize-demo-'));
  const started: ChildServer[] = [];
  try {
    const url = options.upstream ?? (await launch(started, 'ollama-sim', simulatorArguments(options)));
    const database = options.database ?? join(folder, 'demo.sqlite');
    const gateway = await launch(started, 'gateway', ['--upstream', url, '--port', '0', '--db', database]);
    return await compare(options, url, gateway, progress);
  } finally {
    await Promise.all(started.toReversed().map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function launch(started: ChildServer[], app: string, args: readonly string[]): Promise<string> {
  const server = await startServer(join(APPS, app, 'dist', 'main.js'), args);
  started.push(server);
  return server.url;
}

function simulatorArguments({ timeScale }: DemoOptions): readonly string[] {
  return ['--port', '0', '--profile', 'gpu8', '--time-scale', String(timeScale)];
}

async function compare(options: DemoOptions, direct: string, gateway: string, progress: Progress): Promise<DemoResult> {
  const timeScale = options.upstream === null ? options.timeScale : 1;
  const workload = clients(options);
  const server = new Server(direct, options.model);
  const defaultWindow = await server.defaultWindow();
  const counts = await trueCounts(server, workload.flat(), progress);

  const measure = async (name: string, url: string, window?: number): Promise<{ run: Run; tally: Tally }> => {
    // Through the gateway where the run goes through it: nobody else uses the server, so it should know.
    await new Server(url, options.model).unload();
    const total = workload.flat().length;
    let done = 0;
    const watch = new WindowWatch(server, Math.max(5, 250 * timeScale));
    const onResult = (): void => progress(name, (done += 1), total);
    const finished = await run(workload, { url, timeScale, onResult, ...(window === undefined ? {} : { window }) });
    return { run: finished, tally: tally(name, finished, await watch.stop(), counts, defaultWindow) };
  };

  const plain = await measure('direct', direct);
  const cold = await measure('Rightsize, knowing nothing', gateway);
  const warm = await measure('Rightsize, second run', gateway);
  const window = largestNeed([plain.run, cold.run, warm.run], counts);
  const ideal = await measure(`one window of ${window}, known before`, direct, window);
  await server.unload();
  return {
    clock: options.upstream === null ? 'virtual' : 'real',
    tallies: [plain, cold, warm, ideal].map((measured) => measured.tally),
    slower: slowerIn(plain.run, warm.run),
  };
}

/** A token has two bytes at the very least in what the demo's clients send. */
async function trueCounts(server: Server, steps: readonly Step[], progress: Progress): Promise<Map<Step, number>> {
  const bytes = Math.max(...steps.map((step) => Buffer.byteLength(JSON.stringify(step.body))));
  const window = Math.min(Math.ceil(bytes / 2 / 256) * 256 + 1024, (await server.trainedContext()) ?? Infinity);
  const counts = new Map<Step, number>();
  for (const [done, step] of steps.entries()) {
    const count = await server.countPrompt(step.path, step.body, window);
    if (count !== null) counts.set(step, count);
    progress('counting prompts', done + 1, steps.length);
  }
  return counts;
}
