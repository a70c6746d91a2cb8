/**
 * `npm test`: every check of the project in order, cheapest first, and one summary line at the end.
 *
 *   node tools/test.mjs [--only NAME ...]     names: format lint types rules build unit database e2e
 *
 * Goes on after a failure, so that one run shows everything that is wrong; exits 1 when anything failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A step that hangs is to fail, not to keep whoever waits for the summary. */
const STEP_MS = 20 * 60_000;

const bin = (name) => join('node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'rightsize-test-'));

/** A jest run over the test files whose names fit, with its counts written beside. */
function jest(name, pattern) {
  const report = join(scratch, `${name}.json`);
  const args = ['--testRegex', pattern, '--json', '--outputFile', report, '--silent=false'];
  return {
    name,
    report,
    command: process.execPath,
    args: [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      ...args,
    ],
  };
}

const steps = [
  { name: 'format', command: bin('prettier'), args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: bin('oxlint'), args: ['--deny-warnings'] },
  { name: 'types', command: bin('tsc'), args: ['-p', 'tsconfig.json'] },
  {
    name: 'rules',
    command: bin('depcruise'),
    args: ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test', 'ormconfig.ts'],
  },
  { name: 'build', command: bin('tsc'), args: ['-b', 'tsconfig.build.json'] },
  jest('unit', '/(?!.*\\.int\\.spec)[^/]*\\.spec\\.ts$'),
  jest('database', '\\.int\\.spec\\.ts$'),
  jest('e2e', '\\.e2e-spec\\.ts$'),
];

const only = process.argv.slice(process.argv.indexOf('--only') + 1);
const chosen = process.argv.includes('--only') ? steps.filter((step) => only.includes(step.name)) : steps;
let passed = 0;
let failed = 0;
const rows = [];

for (const step of chosen) {
  console.log(`\n--- ${step.name}`);
  const began = Date.now();
  // jest writes what it has to say to stderr and its JSON to the file; its stdout repeats the JSON.
  const stdio = step.report ? ['ignore', 'ignore', 'inherit'] : ['ignore', 'inherit', 'inherit'];
  const { status } = spawnSync(step.command, step.args, { stdio, timeout: STEP_MS, killSignal: 'SIGKILL' });
  const counts = step.report ? countsOf(step.report) : { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 };
  // A suite that cannot even load runs no test: it must not pass for one that passed.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (step.report && counts.passed + counts.failed === 0) counts.failed = 1;
  passed += counts.passed;
  failed += counts.failed;
  rows.push({ check: step.name, ...counts, seconds: Math.round((Date.now() - began) / 1000) });
}

rmSync(scratch, { recursive: true, force: true });
console.log('');
console.table(rows);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function countsOf(report) {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
