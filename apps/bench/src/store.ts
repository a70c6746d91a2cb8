import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '@rightsize/event-store';
import { openEventStorage, type EventStorageOptions } from '@rightsize/event-store-sqlite';
import Database from 'better-sqlite3';
import { Command, InvalidArgumentError } from 'commander';
import { rawSide, storeSide, type Side } from './store-sides.js';

interface BenchOptions {
  readonly events: readonly number[];
  readonly sample: number;
  readonly rounds: number;
  readonly dir: string;
  readonly synchronous: NonNullable<EventStorageOptions['synchronous']>;
  readonly json: boolean;
}

interface Measured {
  /** Events in the log when it was measured. */
  readonly log: number;
  readonly what: 'append' | 'replay';
  readonly appenders: number | null;
  readonly batch: number | null;
  /** Events a second: medians over the rounds. */
  readonly raw: number;
  readonly store: number;
  readonly ratio: number;
}

interface Growth {
  readonly log: number;
  /** Microseconds an event took, in batches of 100, while each tenth of the log was written. */
  readonly tenthsUs: readonly number[];
  /** The last tenth's over the second's: the first is that of a file that is made. */
  readonly lastOverSecond: number;
}

const BATCHES = [1, 10, 100];
const APPENDERS = [1, 32];
/** Events made at once while a log is filled: made outside of what is timed. */
const FILL = 10_000;

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

/** Fills both logs, and times the store's: does an event cost more as the log grows? */
async function fill(log: number, raw: Side, store: Side): Promise<Growth> {
  const tenths = Array.from({ length: 10 }, () => ({ seconds: 0, events: 0 }));
  for (let written = 0; written < log;) {
    const batches = makeBatches(Math.min(FILL, Math.ceil(log / 10), log - written), 100);
    const events = batches.length * 100;
    await raw.append(batches, 1);
    const tenth = tenths[Math.min(9, Math.floor((written / log) * 10))]!;
    tenth.seconds += await store.append(batches, 1);
    tenth.events += events;
    written += events;
  }
  const tenthsUs = tenths.map(({ seconds, events }) => Number(((seconds * 1e6) / events).toFixed(1)));
  return { log, tenthsUs, lastOverSecond: Number((tenthsUs[9]! / tenthsUs[1]!).toFixed(2)) };
}

/** Both sides in turns within one run, so that a noisy neighbour meets both. */
async function measureAt(
  log: number,
  options: BenchOptions,
): Promise<{ growth: Growth; measured: readonly Measured[] }> {
  return withSides(options, async (raw, store) => {
    const growth = await fill(log, raw, store);
    const measured: Measured[] = [];
    let appended = Math.ceil(log / 100) * 100;
    for (const appenders of APPENDERS) {
      for (const batch of BATCHES) {
        const times = { raw: [] as number[], store: [] as number[] };
        for (let round = 0; round < options.rounds; round += 1) {
          const batches = makeBatches(options.sample, batch);
          times.raw.push(await raw.append(batches, appenders));
          times.store.push(await store.append(batches, appenders));
          appended += batches.length * batch;
        }
        const events = Math.max(1, Math.floor(options.sample / batch)) * batch;
        measured.push({ log, what: 'append', appenders, batch, ...compare(events, times) });
      }
    }
    const replays = { raw: [] as number[], store: [] as number[] };
    for (let round = 0; round < options.rounds; round += 1) {
      replays.raw.push(await raw.replay());
      replays.store.push(await store.replay());
    }
    measured.push({ log, what: 'replay', appenders: null, batch: null, ...compare(appended, replays) });
    return { growth, measured };
  });
}

function compare(
  events: number,
  times: { readonly raw: readonly number[]; readonly store: readonly number[] },
): Pick<Measured, 'raw' | 'store' | 'ratio'> {
  const [raw, store] = [median(times.raw), median(times.store)];
  return { raw: Math.round(events / raw), store: Math.round(events / store), ratio: Number((raw / store).toFixed(2)) };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('not a number above zero');
  return value;
}

const program = new Command('bench:store')
  .description('Appends and replays through the event store, against better-sqlite3 with nothing around it')
  .option(
    '--events <n...>',
    'events in the log when it is measured; 2000000 takes some minutes',
    (text, before: number[]) => [...before, positive(text)],
    [],
  )
  .option('--sample <n>', 'events of each measurement', positive, 10_000)
  .option('--rounds <n>', 'rounds; medians are shown', positive, 5)
  .option('--dir <folder>', 'folder for the files', tmpdir())
  .option('--synchronous <mode>', 'normal or full', 'normal')
  .option('--json', 'JSON instead of a table', false)
  .parse();
const given = program.opts<BenchOptions>();
const options = { ...given, events: given.events.length > 0 ? given.events : [10_000] };
const results: { growth: Growth; measured: readonly Measured[] }[] = [];
for (const log of options.events) results.push(await measureAt(log, options));
const measured = results.flatMap((result) => result.measured);
const growth = results.map((result) => result.growth);
if (options.json) console.log(JSON.stringify({ unit: 'events per second', ...options, measured, growth }, null, 2));
else {
  console.table(measured);
  for (const { log, tenthsUs, lastOverSecond } of growth) {
    console.log(
      `microseconds an event while a log of ${log} was filled, by tenths: ${tenthsUs.join(' ')} (last over second: ${lastOverSecond})`,
    );
  }
}
