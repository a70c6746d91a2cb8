import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ProjectionRunner, verifyReadModels, type RecordedEvent } from '@rightsize/event-store';
import type { EventStorage } from '@rightsize/event-store-sqlite';
import { CountingProjection } from '../../event-store/test/counting-projection.js';
import { idsOf, readWholeLog } from '../../event-store/test/sample-events.js';
import { build } from './built.js';
import { ScratchFolder } from './scratch-folder.js';

const CHILD = fileURLToPath(new URL('./appending-process.mjs', import.meta.url));
const FOREVER = 1e9;

/** Which thread of the child writes events. */
type Where = 'here' | 'thread';

interface ChildRun {
  readonly acknowledged: readonly string[];
  readonly code: number | null;
  readonly signal: string | null;
  readonly complaints: string;
}

/** Runs a child to its end, or kills it with SIGKILL once it has acknowledged `killAfter` events. */
function runChild(
  file: string,
  stream: string,
  appends: number,
  where: Where,
  killAfter = Infinity,
): Promise<ChildRun> {
  return ended(
    spawn(process.execPath, [CHILD, file, stream, `${appends}`, where], { stdio: ['ignore', 'pipe', 'pipe'] }),
    killAfter,
  );
}

/** Runs a child none of whose files may grow beyond `kib`, as on a disk that is full. */
function runCramped(file: string, kib: number, where: Where): Promise<ChildRun> {
  const command = `trap '' XFSZ; ulimit -f ${kib}; exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, CHILD, file, 'cramped', `${FOREVER}`, where];
  return ended(spawn('bash', args, { stdio: ['ignore', 'pipe', 'pipe'] }), Infinity);
}

async function ended(child: ChildProcessByStdio<null, Readable, Readable>, killAfter: number): Promise<ChildRun> {
  const acknowledged: string[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged.push(line);
    if (acknowledged.length === killAfter) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  // The kill may cut the last line.
  return { acknowledged: acknowledged.filter((id) => id.length === 36), code, signal, complaints };
}

function expectGaplessStreams(log: readonly RecordedEvent[]): void {
  const last = new Map<string, number>();
  for (const { stream, version } of log) {
    expect({ stream, version }).toEqual({ stream, version: (last.get(stream) ?? 0) + 1 });
    last.set(stream, version);
  }
}

async function expectWhole(storage: EventStorage, acknowledged: readonly string[]): Promise<void> {
  const ids = idsOf(await readWholeLog(storage.store, 1000));
  const present = new Set(ids);
  expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
  expect(present.size).toBe(ids.length);
  expectGaplessStreams(await readWholeLog(storage.store, 1000));
  expect(await storage.dataSource.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(await verifyReadModels(storage.store, storage.readModels, [new CountingProjection()])).toEqual([]);
}

describe.each<Where>(['here', 'thread'])('processes that write events: %s;', (where) => {
  let folder: ScratchFolder;
  beforeAll(() => {
    build('libs/event-store-sqlite/tsconfig.build.json');
    folder = new ScratchFolder();
  }, 120_000);
  afterAll(() => folder.clean());

  it('killed in the middle of appending lose nothing they acknowledged', async () => {
    const file = folder.newFile();
    const acknowledged: string[] = [];
    for (const killAfter of [1, 40, 333, 700, 1500]) {
      const run = await runChild(file, 'killed', FOREVER, where, killAfter);
      expect(run).toMatchObject({ signal: 'SIGKILL', complaints: '' });
      acknowledged.push(...run.acknowledged);

      const storage = await folder.open({ file });
      await expectWhole(storage, acknowledged);
      await storage.close();
    }
    const storage = await folder.open({ file });
    const runner = new ProjectionRunner(storage.store, storage.readModels, [new CountingProjection()]);
    await runner.start();
    await runner.stop();

    expect(storage.readModels.checkpoint('counting', 1)).toBe(await storage.store.head());
    await expectWhole(storage, acknowledged);
  }, 60_000);

  it('whose files may not grow any more say so, and everything they acknowledged is there', async () => {
    const file = folder.newFile();
    const run = await runCramped(file, 1_500, where);

    expect(run.code).not.toBe(0);
    expect(run.complaints).toMatch(/database .* (cannot grow|cannot be read or written)/);
    expect(run.acknowledged.length).toBeGreaterThan(100);
    const storage = await folder.open({ file });
    await expectWhole(storage, run.acknowledged);
    expect((await storage.inspector.inspect()).problems).toEqual([]);
  }, 60_000);

  it('share a file that neither had before: every append of both is there, and folded once', async () => {
    const file = folder.newFile();
    const runs = await Promise.all(['left', 'right', 'left'].map((stream) => runChild(file, stream, 250, where)));

    expect(runs.map(({ code, complaints }) => ({ code, complaints }))).toEqual(
      runs.map(() => ({ code: 0, complaints: '' })),
    );
    const acknowledged = runs.flatMap((run) => run.acknowledged);
    const storage = await folder.open({ file });
    await expectWhole(storage, acknowledged);
    expect(await storage.store.head()).toBe(acknowledged.length);
    expect(storage.readModels.checkpoint('counting', 1)).toBe(acknowledged.length);
  }, 60_000);
});
