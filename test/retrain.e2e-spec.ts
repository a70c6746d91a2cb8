import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { retrainLog } from '@rightsize/optimizer';
import { DEFAULT_POLICY, type PolicyTrainedV1 } from '@rightsize/optimizer-core';
import { randomFrom, thinkers } from './made-up-traffic.js';
import { eventsOf, writeLog, type Asked } from './synthetic-log.js';

/** Each replays hundreds of requests a dozen times, in processes of their own. */
jest.setTimeout(300_000);

const MAIN = join(process.cwd(), 'apps/maintenance/dist/main.js');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-retrain-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the default policy was made for: nothing to gain but by luck. */
function usual(count: number): readonly Asked[] {
  const random = randomFrom(3);
  let at = 0;
  return Array.from({ length: count }, (_, n) => {
    at += n % 20 === 0 ? 900 : 20 + random() * 60;
    const prompt = 200 + Math.floor(random() ** 2 * 2500);
    return {
      at,
      model: 'm:latest',
      template: 'chat',
      prompt,
      output: 20 + Math.floor(random() ** 2 * 900),
      window: 8192,
    };
  });
}

async function logOf(name: string, asked: readonly Asked[]): Promise<string> {
  const file = join(folder, `${name}.sqlite`);
  await writeLog(file, eventsOf(asked));
  return file;
}

interface Run {
  readonly code: number;
  readonly stdout: string;
}

async function maintenance(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code === 2) throw new Error(stderr);
  return { code, stdout };
}

async function trainedIn(file: string): Promise<readonly PolicyTrainedV1[]> {
  const { store, close } = await openEventStorage({ file });
  const events = await store.readAll({ after: 0, limit: 10, types: ['policy.trained'] });
  await close();
  return events.map(({ data }) => data as PolicyTrainedV1);
}

describe('retraining on traffic that the default policy does not expect', () => {
  let file: string;
  let policyId: string;

  it('gives a policy that is better on later traffic, and lets it decide', async () => {
    file = await logOf('thinkers', thinkers(420));
    const { code, stdout } = await maintenance('retrain', '--db', file, '--activate', '--json');
    const found = JSON.parse(stdout) as { trained: PolicyTrainedV1; activation: { kind: string } };
    policyId = found.trained.policyId;
    expect(found.trained.comparison.verdict).toBe('better');
    expect(found.trained.comparison.interval[1]).toBeLessThan(0);
    expect(found.trained.parameters.unknownOutput).toBeGreaterThan(5000);
    expect(found.activation.kind).toBe('activated');
    expect(code).toBe(0);
    expect((await maintenance('policies', '--db', file)).stdout).toContain(`decides: ${policyId}`);
  });

  it('judges only on requests later than those it trained on', async () => {
    const [trained] = await trainedIn(file);
    expect(trained!.trainedOn.to).toBeLessThan(trained!.judgedOn.to);
    expect(trained!.judgedOn.from).toBeGreaterThan(trained!.trainedOn.from);
  });

  it('is the same again, bit for bit', async () => {
    const again = await logOf('thinkers-again', thinkers(420));
    await maintenance('retrain', '--db', again);
    expect(JSON.stringify(await trainedIn(again))).toBe(JSON.stringify(await trainedIn(file)));
  });

  it('goes back by one command', async () => {
    expect((await maintenance('rollback', '--db', file)).code).toBe(0);
    expect((await maintenance('policies', '--db', file)).stdout).toContain(`decides: ${DEFAULT_POLICY.id}`);
    expect((await maintenance('rollback', '--db', file)).code).toBe(1);
  });

  it('activates it again by name, and shows what either costs on recorded traffic', async () => {
    const { stdout } = await maintenance('what-if', '--db', file, '--policy', policyId, '--json');
    const { active, asked } = JSON.parse(stdout) as Record<'active' | 'asked', { upper: { shifted: number } }>;
    expect(asked.upper.shifted).toBeLessThan(active.upper.shifted);
    expect((await maintenance('activate', policyId, '--db', file)).code).toBe(0);
  });

  it('leaves read models that equal a rebuild', async () => {
    expect((await maintenance('verify', '--db', file)).code).toBe(0);
  });
});

describe('retraining where there is nothing to gain', () => {
  it('makes a candidate and does not let it decide, unless forced', async () => {
    const file = await logOf('usual', usual(400));
    const refused = await maintenance('retrain', '--db', file, '--activate');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('Not activated');
    expect((await maintenance('policies', '--db', file)).stdout).toContain(`decides: ${DEFAULT_POLICY.id}`);
    const [{ policyId }] = (await trainedIn(file)) as [PolicyTrainedV1];
    expect((await maintenance('activate', policyId, '--db', file)).code).toBe(1);
    expect((await maintenance('activate', policyId, '--db', file, '--force')).code).toBe(0);
  });

  it('says so when there is too little traffic', async () => {
    const file = await logOf('little', usual(20));
    expect(await maintenance('retrain', '--db', file)).toMatchObject({ code: 1 });
    expect(await retrainLog(file, 0)).toMatchObject({ activated: false });
  });

  it('writes nothing on a dry run', async () => {
    const file = await logOf('dry', usual(100));
    await maintenance('retrain', '--db', file, '--dry-run', '--force');
    expect(await trainedIn(file)).toEqual([]);
  });
});

describe('what-if', () => {
  it('replays a policy out of a file, another keep-alive, memory and machine beside what happened', async () => {
    const file = await logOf('what-if', usual(100));
    const policy = join(folder, 'mine.json');
    writeFileSync(policy, JSON.stringify({ id: 'mine', shiftPrice: 30, beliefs: { ladderStep: 1.5 } }));
    const { stdout } = await maintenance(
      ...['what-if', '--db', file, '--policy', policy, '--set', 'headroom=3', '--keep-alive', '30m'],
      ...['--memory-gib', '8', '--profile', 'gpu8', '--json'],
    );
    const { settings, happened } = JSON.parse(stdout) as { settings: Record<string, unknown>; happened: object };
    expect(settings).toMatchObject({
      policy: { id: 'mine,headroom=3', shiftPrice: 30, headroom: 3, beliefs: { ladderStep: 1.5 } },
      keepAliveSeconds: 1800,
      memoryBytes: 8 * 2 ** 30,
    });
    expect(happened).toMatchObject({ reloads: 0, cut: 0, shifted: 0 });
  });

  it('shows both ends where the log cannot know a length', async () => {
    const file = await logOf('shifted', [
      ...usual(60),
      { at: 1e6, model: 'm:latest', prompt: 8000, output: 192 + 700, window: 8192 },
    ]);
    const { stdout } = await maintenance('what-if', '--db', file);
    expect(stdout).toContain('1 answers shifted');
  });

  it.each([
    [['--set', 'headrom=2'], 'no number of a policy is called headrom'],
    [['--policy', 'nowhere'], 'neither a policy of the log nor a file'],
    [['--since', 'yesterday-ish'], 'give a position, a date'],
  ])('says what is wrong with %j', async (args, says) => {
    const file = await logOf(`wrong-${args[0]}`, usual(5));
    await expect(maintenance('what-if', '--db', file, ...args)).rejects.toThrow(says);
  });
});
