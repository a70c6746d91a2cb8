/**
 * Hostile requests sent to the stand-in and through the gateway, whose answers must be of one class.
 *
 *   node tools/fuzz.mjs [--times 100000] [--seed 1]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { times: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const env = { ...process.env, RIGHTSIZE_FUZZ_TIMES: values.times, RIGHTSIZE_FUZZ_SEED: values.seed };
const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const { status } = spawnSync(process.execPath, [...args, 'test/fuzz'], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
