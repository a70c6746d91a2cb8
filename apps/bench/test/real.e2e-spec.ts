import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { MixRows } from '../src/real-report.js';

const MAIN = resolve(import.meta.dirname, '../dist/real.js');

it('the comparison for real servers runs on the stand-in: less loads than direct, and nothing cut or failed', async () => {
  const args = [MAIN, '--json', '--mix', 'desk', '--size', '0.5', '--time-scale', '0.01'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { mixes } = JSON.parse(stdout) as { mixes: readonly MixRows[] };
  expect(mixes.map(({ mix }) => mix)).toEqual(['desk']);
  const { direct, known, cold, warm } = mixes[0]!.turns[0]!;
  expect(direct.cut).toBeGreaterThan(0);
  expect(direct.loads).toBeGreaterThan(5);
  expect([known.loads, known.cut, cold.cut, warm.cut]).toEqual([1, 0, 0, 0]);
  expect([direct, known, cold, warm].map(({ failed }) => failed)).toEqual([0, 0, 0, 0]);
  expect(cold.loads).toBeLessThan(direct.loads);
  expect(warm.loads).toBeLessThan(direct.loads);
}, 120_000);

it('a mix that does not exist is answered with those that do', async () => {
  const wrong = promisify(execFile)(process.execPath, [MAIN, '--mix', 'nobody']);
  await expect(wrong).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('desk') as unknown });
});
