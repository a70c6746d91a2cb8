import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { DemoResult } from '../src/demo.js';

const MAIN = resolve(import.meta.dirname, '../dist/main.js');

it('the demo shows fewer loads and no cut prompt through Rightsize, and nothing that failed', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--json', '--time-scale', '0.02']);
  const { tallies, clock } = JSON.parse(stdout) as DemoResult;
  const [direct, cold, warm, ideal] = tallies;
  expect(clock).toBe('virtual');
  expect(tallies.map((row) => row.failed)).toEqual([0, 0, 0, 0]);
  expect(direct?.cut).toBeGreaterThan(0);
  expect([cold?.cut, warm?.cut, ideal?.cut]).toEqual([0, 0, 0]);
  expect(direct?.loads).toBeGreaterThan(10);
  expect(cold?.loads).toBeLessThan(6);
  expect(warm?.loads).toBeLessThan(6);
}, 120_000);
