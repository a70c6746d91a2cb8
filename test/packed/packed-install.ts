import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const TOP = process.cwd();
const PROGRAMS = ['gateway', 'maintenance'];

/** The packed programs as `npm install` lays them out, with nothing of this repository in reach. */
export interface PackedInstall {
  /** A folder with `node_modules`, in which `npx @rightsize/gateway` works. */
  readonly folder: string;
  remove(): void;
}

/** Packs, unpacks, and links what the packages declare instead of fetching it: what is not declared is missing, as for a user. */
export function packedInstall(): PackedInstall {
  const scratch = mkdtempSync(join(tmpdir(), 'rightsize-packed-'));
  const modules = join(scratch, 'node_modules');
  const packages = join(scratch, 'packages');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  run(process.execPath, [join(TOP, 'tools/pack.mjs'), '--out', packages, ...PROGRAMS]);
  for (const name of PROGRAMS) {
    const folder = join(modules, '@rightsize', name);
    mkdirSync(folder, { recursive: true });
    run('tar', ['-xzf', join(packages, `rightsize-${name}-0.1.0.tgz`), '-C', folder, '--strip-components=1']);
    run('chmod', ['+x', join(folder, 'dist/main.js')]);
    symlinkSync(`../@rightsize/${name}/dist/main.js`, join(modules, '.bin', `rightsize-${name}`));
    linkDeclared(name, folder, modules);
  }
  return { folder: scratch, remove: () => rmSync(scratch, { recursive: true }) };
}

function linkDeclared(program: string, folder: string, modules: string): void {
  const manifest = readJson(join(folder, 'package.json')) as {
    dependencies: Record<string, string>;
    bundleDependencies: string[];
  };
  for (const [dependency, version] of Object.entries(manifest.dependencies)) {
    if (manifest.bundleDependencies.includes(dependency)) continue;
    const places = [join(TOP, 'apps', program, 'node_modules', dependency), join(TOP, 'node_modules', dependency)];
    const installed = places.find((place) => existsSync(place));
    if (installed === undefined) throw new Error(`${dependency} is not installed`);
    const found = readJson(join(installed, 'package.json')) as { version: string };
    if (found.version !== version)
      throw new Error(`${dependency}: ${version} is declared, ${found.version} is installed`);
    const at = join(modules, dependency);
    mkdirSync(dirname(at), { recursive: true });
    if (!existsSync(at)) symlinkSync(installed, at);
  }
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
