import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  disagreeing,
  largestNeed,
  run,
  Server,
  slowerIn,
  startServer,
  tally,
  WindowWatch,
  type ChildServer,
  type Progress,
  type Run,
  type Tally,
} from '@rightsize/traffic';

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
  const workload = disagreeing(options);
  const server = new Server(direct, options.model);
  const defaultWindow = await server.defaultWindow();
  const steps = workload.flat();
  const counts = await server.countPrompts(steps, (done) => progress('counting prompts', done, steps.length));

  const measure = async (name: string, url: string, window?: number): Promise<{ run: Run; tally: Tally }> => {
    // Through the gateway where the run goes through it: nobody else uses the server, so it should know.
    await new Server(url, options.model).unload();
    let done = 0;
    const watch = new WindowWatch(server, Math.max(5, 250 * timeScale));
    const onResult = (): void => progress(name, (done += 1), steps.length);
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
