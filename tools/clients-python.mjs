/**
 * Python packages and command lines through a running gateway; what failed is told and exits 1.
 *
 *   node tools/clients-python.mjs --url http://127.0.0.1:11435 --model llama3.2 [--tools] [--ollama BINARY] [--only NAME]
 *
 * Needs python3 with venv and, the first time, a package index: the packages go into a folder of their own,
 * RIGHTSIZE_PYTHON_CLIENTS or `rightsize-python-clients` in the folder for temporary files.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = process.env.RIGHTSIZE_PYTHON_CLIENTS ?? join(tmpdir(), 'rightsize-python-clients');
const here = join('test', 'clients', 'python');

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(folder, 'bin', 'python'))) run('python3', '-m', 'venv', folder);
run(join(folder, 'bin', 'pip'), 'install', '--quiet', '--requirement', join(here, 'requirements.txt'));
run(join(folder, 'bin', 'python'), join(here, 'clients.py'), ...process.argv.slice(2));
