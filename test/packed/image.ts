import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagesOf, type Instruction } from './dockerfile.js';

const TOP = process.cwd();

/** Set it to carry out what takes a registry, and minutes, too. */
const WITH_NETWORK = process.env['DOCKERFILE_WITH_NETWORK'] === '1';

/** Stood in for by what was installed and built for this run. */
const TAKES_LONG = ['npm ci ', 'npm run build', 'npm prune '];

/** What the image holds, and how it runs, without docker. */
export interface Image {
  /** Its root. */
  readonly root: string;
  /** Of the last stage. */
  readonly instructions: readonly Instruction[];
  /** A command of the image as one of this machine. */
  here(command: string): string;
  remove(): void;
}

/** Carries out `COPY` and `RUN` of the Dockerfile in order, in a temporary folder. */
export function builtImage(): Image {
  const [build = [], run = []] = stagesOf(join(TOP, 'deploy/docker/Dockerfile'));
  const scratch = mkdtempSync(join(tmpdir(), 'rightsize-image-'));
  const source = join(scratch, 'src');
  const root = join(scratch, 'root');
  mkdirSync(source);
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  for (const { name, text } of build) {
    if (name === 'COPY') copyContext(text, source);
    if (name === 'RUN' && (WITH_NETWORK || !TAKES_LONG.some((one) => `${text} `.startsWith(one)))) sh(text, source);
  }
  if (!WITH_NETWORK) symlinkSync(join(TOP, 'node_modules'), join(source, 'node_modules'));
  const here = (command: string): string =>
    command
      .replaceAll(/(?<![\w.])\/(opt|usr|data)\b/g, `${root}/$1`)
      .replaceAll(/chown \S+ /g, 'test -d ')
      .trim();
  for (const { name, text } of run) {
    if (name === 'COPY') copyBuilt(text, scratch, root);
    if (name === 'RUN') sh(here(text), root);
  }
  return { root, instructions: run, here, remove: () => rmSync(scratch, { recursive: true }) };
}

/** Without what .dockerignore leaves out; but what was built here stands in for building it there. */
function copyContext(text: string, source: string): void {
  const paths = text.split(' ');
  const target = paths.pop()!;
  const left = WITH_NETWORK ? /\/(node_modules|test|dist)$/ : /(\/test|^[^/]*\/node_modules)$/;
  for (const path of paths) {
    if (!existsSync(join(TOP, path))) throw new Error(`the Dockerfile copies ${path}, which is not there`);
    const to = target === './' ? join(source, path) : join(source, target);
    cpSync(join(TOP, path), to, { recursive: true, filter: (one) => !left.test(one) });
  }
}

function copyBuilt(text: string, scratch: string, root: string): void {
  const [, from = '', to = ''] = text.split(' ');
  cpSync(join(scratch, from), join(root, to), { recursive: true, verbatimSymlinks: true });
}

function sh(command: string, cwd: string): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stdout}${stderr}`);
}
