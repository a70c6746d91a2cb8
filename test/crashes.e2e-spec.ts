import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const CRASHES = resolve(import.meta.dirname, '..', 'apps/bench/dist/crashes.js');

it('processes killed while they append, rebuild and delete leave a log that is whole: npm run crashes, in small', async () => {
  const args = ['--times', '6', '--seed', '11', '--json', '--command', 'rebuild', 'retain --days 0', 'migrate'];
  const { stdout } = await promisify(execFile)(process.execPath, [CRASHES, ...args]);

  const summary = JSON.parse(stdout) as { readonly acknowledgedEvents: number };
  expect(summary).toMatchObject({ kills: 6, wrong: 0, problems: [] });
  expect(summary.acknowledgedEvents).toBeGreaterThan(0);
}, 240_000);
