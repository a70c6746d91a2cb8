import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '@rightsize/event-store';
import { openEventStorage, type EventStorageOptions } from '@rightsize/event-store-sqlite';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import { rawSide, storeSide, type Side } from './store-sides.js';

interface BenchOptions {
  readonly events: number;
  readonly rounds: number;
  readonly dir: string;
  readonly synchronous: NonNullable<EventStorageOptions['synchronous']>;
  readonly json: boolean;
}

interface Measured {
  readonly what: string;
  readonly appenders: number | null;
  readonly batch: number | null;
  /** Events a second: medians over the rounds. */
  readonly raw: number;
  readonly store: number;
  readonly ratio: number;
}

const BATCHES = [1, 10, 100];
const APPENDERS = [1, 32];

/** About what `request.completed` weighs: 700 bytes of JSON. */
function sampleEvent(serial: number): NewEvent {
  const requestId = randomUUID();
  const counts = { promptTokens: 1000 + (serial % 700), cachedTokens: 3, outputTokens: serial % 512, window: 8192 };
  const durations = { totalNs: 1.5e9 + serial, loadNs: 2.1e8, promptEvalNs: 3.3e8, evalNs: 9.1e8 };
  const rest = { model: 'llama3.2:3b', route: 'chat', templateId: `t-${serial % 40}`, status: 200, doneReason: 'stop' };
  const data = { requestId, ...rest, ...durations, ...counts, taints: [], pad: 'x'.repeat(300), atMs: 1.7e12 + serial };
  return { id: requestId, type: 'bench', schemaVersion: 1, data, metadata: { correlationId: requestId } };
}

function makeBatches(events: number, size: number): readonly (readonly NewEvent[])[] {
  const count = Math.max(1, Math.floor(events / size));
  return Array.from({ length: count }, (_, i) => Array.from({ length: size }, (__, j) => sampleEvent(i * size + j)));
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Fresh files for both sides, the raw one with the schema the store makes. */
async function withSides<T>(options: BenchOptions, use: (raw: Side, store: Side) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(options.dir, 'bench-store-'));
  const { synchronous } = options;
  const rawFile = join(folder, 'raw.sqlite');
  await (await openEventStorage({ file: rawFile })).close();
  const raw = new Database(rawFile);
  raw.pragma(`synchronous = ${synchronous}`);
  const storage = await openEventStorage({ file: join(folder, 'store.sqlite'), synchronous });
  try {
    return await use(rawSide(raw), storeSide(storage.store));
  } finally {
    raw.close();
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both sides in turns within one run, so that a noisy neighbour meets both. */
async function measure(
  options: BenchOptions,
  batch: number,
  appenders: number,
): Promise<{ readonly append: Measured; readonly replay: Measured }> {
  const times = {
    rawAppend: [] as number[],
    append: [] as number[],
    rawReplay: [] as number[],
    replay: [] as number[],
  };
  const batches = makeBatches(options.events, batch);
  for (let round = 0; round < options.rounds; round += 1) {
    await withSides(options, async (raw, store) => {
      times.rawAppend.push(await raw.append(batches, appenders));
      times.append.push(await store.append(batches, appenders));
      times.rawReplay.push(await raw.replay());
      times.replay.push(await store.replay());
    });
  }
  const events = batches.length * batch;
  const rate = (taken: readonly number[]): number => Math.round(events / median(taken));
  const compare = (raw: readonly number[], store: readonly number[]): Pick<Measured, 'raw' | 'store' | 'ratio'> => ({
    raw: rate(raw),
    store: rate(store),
    ratio: Number((median(raw) / median(store)).toFixed(2)),
  });
  return {
    append: { what: 'append', appenders, batch, ...compare(times.rawAppend, times.append) },
    replay: { what: 'replay', appenders: null, batch: null, ...compare(times.rawReplay, times.replay) },
  };
}

async function run(options: BenchOptions): Promise<readonly Measured[]> {
  const appends: Measured[] = [];
  let replay: Measured | undefined;
  for (const appenders of APPENDERS) {
    for (const batch of BATCHES) {
      const measured = await measure(options, batch, appenders);
      appends.push(measured.append);
      replay = measured.replay;
    }
  }
  return replay === undefined ? appends : [...appends, replay];
}

const positive = (text: string): number => Math.max(1, Number.parseInt(text, 10));
const program = new Command('bench:store')
  .description('Appends and replays through the event store, against better-sqlite3 with nothing around it')
  .option('--events <n>', 'events of each measurement', positive, 20_000)
  .option('--rounds <n>', 'rounds; medians are shown', positive, 5)
  .option('--dir <folder>', 'folder for the files', tmpdir())
  .option('--synchronous <mode>', 'normal or full', 'normal')
  .option('--json', 'JSON instead of a table', false)
  .parse();
const options = program.opts<BenchOptions>();
const measured = await run(options);
if (options.json) console.log(JSON.stringify({ unit: 'events per second', ...options, measured }, null, 2));
else console.table(measured);
