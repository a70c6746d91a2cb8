/**
 * Packs the programs of this repository so that each installs by itself: the libraries they are made of lie inside
 * (npm's `bundleDependencies`), third-party packages are declared and come from the registry at install.
 *
 *   node tools/pack.mjs [--out packages] [NAME ...]     after `npm run build`, or `npm run packages`; names default to gateway and maintenance
 *
 * Prints the files it made. Needs no network. `npm pack` cannot do this itself: in a workspace it does not follow the
 * links to the other packages.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'packages' } },
  allowPositionals: true,
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const workspaces = readWorkspaces();
for (const name of positionals.length > 0 ? positionals : ['gateway', 'maintenance']) {
  console.log(pack(`@rightsize/${name}`));
}

/** The packages of this repository by name, each with its folder. */
function readWorkspaces() {
  const { workspaces: globs } = readJson(join(TOP, 'package.json'));
  const folders = globs.flatMap((glob) => {
    const parent = join(TOP, dirname(glob));
    return readdirSync(parent).map((name) => join(parent, name));
  });
  const found = folders.filter((folder) => existsSync(join(folder, 'package.json')));
  return new Map(found.map((folder) => [readJson(join(folder, 'package.json')).name, folder]));
}

function pack(name) {
  const manifest = manifestOf(name);
  const { inside, thirdParty } = closure(name);
  const stage = mkdtempSync(join(tmpdir(), 'rightsize-pack-'));
  try {
    place(name, stage);
    for (const library of inside) place(library, join(stage, 'node_modules', library));
    for (const page of ['README.md', 'LICENSE']) cpSync(join(TOP, page), join(stage, page));
    const bundled = Object.fromEntries(inside.map((library) => [library, manifestOf(library).version]));
    const dependencies = { ...bundled, ...thirdParty };
    writeFileSync(
      join(stage, 'package.json'),
      `${JSON.stringify({ ...manifest, dependencies, bundleDependencies: inside }, null, 2)}\n`,
    );
    return npmPack(stage);
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** The libraries of ours that a package needs, directly or not, and what they all need from others. */
function closure(name) {
  const inside = new Set();
  const thirdParty = {};
  const visit = (one) => {
    for (const [dependency, version] of Object.entries(manifestOf(one).dependencies ?? {})) {
      if (!workspaces.has(dependency)) {
        if ((thirdParty[dependency] ??= version) !== version)
          throw new Error(`${dependency} is wanted in two versions`);
      } else if (!inside.has(dependency)) {
        inside.add(dependency);
        visit(dependency);
      }
    }
  };
  visit(name);
  const sorted = Object.fromEntries(Object.entries(thirdParty).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { inside: [...inside].toSorted(), thirdParty: sorted };
}

/** What runs of a package, without types and source maps: nobody imports a program. */
function place(name, target) {
  const folder = workspaces.get(name);
  if (!existsSync(join(folder, 'dist'))) throw new Error(`${name} is not built: npm run build`);
  cpSync(join(folder, 'dist'), join(target, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(d\.ts|map|tsbuildinfo)$/.test(basename(path)),
  });
  // What lies inside finds its third-party packages beside it: only the outermost package declares them.
  const { dependencies: _declaredOutside, ...manifest } = manifestOf(name);
  writeFileSync(join(target, 'package.json'), JSON.stringify(manifest));
}

function npmPack(stage) {
  const args = ['pack', '--offline', '--ignore-scripts', '--json', '--pack-destination', out];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: stage, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack: ${stderr}`);
  const report = JSON.parse(stdout);
  const [{ filename }] = Array.isArray(report) ? report : Object.values(report);
  return join(out, filename);
}

function manifestOf(name) {
  return readJson(join(workspaces.get(name), 'package.json'));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
