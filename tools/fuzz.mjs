/**
 * Hostile requests sent to the stand-in and through the gateway, whose answers must be of one class; streams that
 * are left, which must leave nothing behind; uploads of so many MiB; heads that never end.
 *
 *   node tools/fuzz.mjs [--times 100000] [--seed 1] [--left 10000] [--mib 1024]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    left: { type: 'string', default: '10000' },
    mib: { type: 'string', default: '1024' },
  },
});
const env = {
  ...process.env,
  RIGHTSIZE_FUZZ_TIMES: values.times,
  RIGHTSIZE_FUZZ_SEED: values.seed,
  RIGHTSIZE_FUZZ_LEFT: values.left,
  RIGHTSIZE_FUZZ_MIB: values.mib,
  RIGHTSIZE_FUZZ_SLOW: '1',
};
const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const { status } = spawnSync(process.execPath, [...args, 'test/fuzz', '--runInBand'], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
