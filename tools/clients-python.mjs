/**
 * Python packages and command lines through a gateway; what failed is told and exits 1.
 *
 *   node tools/clients-python.mjs                                      a gateway before the stand-in
 *   node tools/clients-python.mjs --upstream http://127.0.0.1:11434 --model llama3.2 [--tools]     before a server
 *   node tools/clients-python.mjs --url http://127.0.0.1:11435 --model llama3.2 [--tools]     one that runs
 *
 * Also [--ollama BINARY] [--only NAME] [--limit TOKENS] [--json FILE]. The first two need `npm run build`. Needs python3
 * with venv and, the first time, a package index: the packages go into a folder of their own, RIGHTSIZE_PYTHON_CLIENTS
 * or `rightsize-python-clients` in the folder for temporary files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const folder = process.env.RIGHTSIZE_PYTHON_CLIENTS ?? join(tmpdir(), 'rightsize-python-clients');
// It is no setting of the gateway, which takes every name that begins so for one.
delete process.env.RIGHTSIZE_PYTHON_CLIENTS;
const here = join('test', 'clients', 'python');
const given = process.argv.slice(2);

/** Takes an option with its value out of what is handed on. */
function taken(name) {
  const at = given.indexOf(name);
  return at < 0 ? null : given.splice(at, 2)[1];
}

async function run(command, ...args) {
  const child = spawn(command, args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`);
}

const children = [];

/** Resolves with the address that a program says it listens on. */
async function serving(app, ...args) {
  const child = spawn(process.execPath, [join('apps', app, 'dist', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${app} ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  ended.catch(() => undefined);
  return /listening on (\S+)/.exec(line)[1];
}

const scratch = mkdtempSync(join(tmpdir(), 'rightsize-clients-'));
try {
  if (!existsSync(join(folder, 'bin', 'python'))) await run('python3', '-m', 'venv', folder);
  await run(join(folder, 'bin', 'pip'), 'install', '--quiet', '--requirement', join(here, 'requirements.txt'));
  if (!given.includes('--url') && !given.includes('--help')) {
    let upstream = taken('--upstream');
    if (upstream === null) {
      // So slow that a stream can be left before its end.
      upstream = await serving('ollama-sim', '--port', '0', '--time-scale', '0.3');
      given.push('--tools', ...(given.includes('--model') ? [] : ['--model', 'qwen3']));
    }
    given.push(
      '--url',
      await serving(
        'gateway',
        '--upstream',
        upstream,
        '--port',
        '0',
        '--db',
        join(scratch, 'log.sqlite'),
        '--log-level',
        'error',
      ),
    );
  }
  await run(join(folder, 'bin', 'python'), join(here, 'clients.py'), ...given);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) {
    if (child.exitCode === null) {
      child.kill();
      await once(child, 'exit');
    }
  }
  rmSync(scratch, { recursive: true, force: true });
}
