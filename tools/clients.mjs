/**
 * Every client through the gateway, on the stand-in and, where one is named, on a real server; one table at the end.
 *
 *   node tools/clients.mjs [--upstream http://127.0.0.1:11434 --model llama3.2] [--python] [--ollama BINARY]
 *
 * The model must be small. `--python` adds Python packages and command lines (tools/clients-python.mjs). Exits 1 when
 * anything failed, with what the tests say about it on stderr.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    upstream: { type: 'string' },
    model: { type: 'string', default: 'random' },
    python: { type: 'boolean', default: false },
    ollama: { type: 'string' },
  },
});

/** Columns, and how the tests of `test/clients/features.ts` begin. */
const COLUMNS = {
  plain: 'hears the same whole',
  streamed: 'hears the same streamed',
  tools: 'calls tools',
  'JSON schema': 'gets JSON',
  'long prompt': 'has a prompt beyond',
  'left midway': 'frees the server',
  '20 at once': 'hears the same when 20',
};
/** The same columns in the results of the Python clients. */
const IN_PYTHON = { 'JSON schema': 'JSON' };

const scratch = mkdtempSync(join(tmpdir(), 'rightsize-clients-table-'));
/** Client -> column -> what is known: `s`, `r`, `none`, or what failed. */
const rows = new Map();
let failed = false;

function note(client, column, mark) {
  const row = rows.get(client) ?? rows.set(client, {}).get(client);
  row[column] = [...(row[column] ?? []), mark];
}

function run(args, env) {
  const { status } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  failed ||= status !== 0;
}

function packages() {
  const report = join(scratch, 'jest.json');
  const env = values.upstream ? { RIGHTSIZE_REAL_OLLAMA: `${values.upstream},${values.model}` } : {};
  const jest = ['node_modules/jest/bin/jest.js', 'test/clients', '--runInBand', '--testTimeout=400000'];
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  run([...node, ...jest, '--json', '--outputFile', report], env);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { ancestorTitles, title, status } of testResults.flatMap((file) => file.assertionResults)) {
    const [, client, where] = /^(.*), through the gateway(.*)$/.exec(ancestorTitles[0] ?? '') ?? [];
    const column = Object.keys(COLUMNS).find((name) => title.startsWith(COLUMNS[name]));
    if (client === undefined || column === undefined) continue;
    const letter = where.includes('real') ? 'r' : 's';
    if (status === 'pending') note(client, column, 'none');
    else note(client, column, status === 'passed' ? letter : `FAILS ${letter}`);
  }
}

function python(letter, server) {
  const report = join(scratch, `python-${letter}.json`);
  const binary = values.ollama ? ['--ollama', values.ollama] : [];
  run(['tools/clients-python.mjs', ...server, ...binary, '--json', report], {});
  if (!existsSync(report)) return;
  for (const [client, told] of Object.entries(JSON.parse(readFileSync(report, 'utf8')))) {
    for (const column of Object.keys(COLUMNS)) {
      const result = told[IN_PYTHON[column] ?? column];
      if (result !== undefined)
        note(client, column, result === 'ok' ? letter : result === 'none' ? result : `FAILS ${letter}`);
    }
    if (!client.startsWith('ollama, command')) continue;
    for (const feature of Object.keys(told))
      note(`ollama ${feature}`, 'plain', told[feature] === 'ok' ? letter : `FAILS ${letter}`);
  }
}

try {
  packages();
  if (values.python) {
    python('s', []);
    if (values.upstream) python('r', ['--upstream', values.upstream, '--model', values.model, '--words', '1200']);
  }
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const columns = Object.keys(COLUMNS);
  console.log(line(['client', ...columns]));
  console.log(line(['---', ...columns.map(() => '---')]));
  for (const [client, row] of rows)
    console.log(line([client, ...columns.map((column) => [...new Set(row[column] ?? ['none'])].join(' '))]));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
