import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { serving, type Serving } from './serving.js';

const TOP = process.cwd();
const LIBRARIES = readdirSync('libs').filter((name) => existsSync(join('libs', name, 'package.json')));

interface Manifest {
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (name: string) => JSON.parse(readFileSync(join('libs', name, 'package.json'), 'utf8')) as Manifest;
const PUBLISHED = LIBRARIES.filter((name) => manifestOf(name).private !== true);

function run(command: string, args: readonly string[], cwd = TOP): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

const MAIN = `
import 'reflect-metadata';
import { Body, Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BaseAgent, Rightsized, RightsizeAgentsModule, RightsizeModule, RightsizeProxyModule, RightsizeService, type AgentContext,
} from '@rightsize/nest';

@Injectable()
class Marks extends BaseAgent {
  readonly name = 'marks';
  override onRequest(context: AgentContext): void {
    context.headers = { ...context.headers, 'x-mark': context.client ?? 'nobody' };
  }
}

@Controller()
class ChatController {
  @Post('chat')
  @Rightsized()
  async chat(@Body() body: object): Promise<unknown> {
    const answer = await fetch(process.env['UPSTREAM'] + '/api/chat', { method: 'POST', body: JSON.stringify(body) });
    return answer.json();
  }
}

@Module({
  imports: [
    RightsizeModule.forRoot({ upstream: process.env['UPSTREAM']!, database: 'rightsize.sqlite', isGlobal: true }),
    RightsizeAgentsModule.forRoot(),
    RightsizeProxyModule.forRoot({ prefix: 'ollama' }),
  ],
  controllers: [ChatController],
  providers: [Marks],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.enableShutdownHooks();
app.get(RightsizeService).events({ after: 0 }).subscribe({ complete: () => console.log('no more events') });
await app.listen(0, '127.0.0.1');
console.log('listening on ' + (await app.getUrl()));
`;

/** What is wrong with each package, for those who import ES modules. */
const ATTW = `
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { readFileSync } from 'node:fs';
const found = {};
for (const file of process.argv.slice(1)) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))));
  const problems = analysis.types === false ? ['no types'] : analysis.problems;
  found[analysis.packageName] = problems.filter(({ resolutionKind }) => !/node10|node16-cjs/.test(resolutionKind));
}
console.log(JSON.stringify(found));
`;

/** As a user's, but that libraries which only declare are not looked into. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    types: ['node'],
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    outDir: 'dist',
  },
  include: ['main.ts'],
};

let folder: string;
let tarballs: string;
let simulator: Simulator;
let application: Serving | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-library-'));
  tarballs = join(folder, 'packages');
  mkdirSync(tarballs);
  const folders = PUBLISHED.map((name) => `./libs/${name}`);
  run('npm', ['pack', '--offline', '--ignore-scripts', '--pack-destination', tarballs, ...folders]);
  for (const name of PUBLISHED) install(name);
  for (const tool of ['typescript', '@types/node', 'undici-types', '@nestjs/platform-express']) link(tool);
  simulator = await createSimulator({ timeScale: 0 });
}, 60_000);
afterAll(async () => {
  await application?.stop();
  await simulator?.close();
  rmSync(folder, { recursive: true, force: true });
});

const tarballOf = (name: string) => join(tarballs, `rightsize-${name}-0.1.0.tgz`);

/** Unpacks a package, and links what it declares from the repository instead of fetching it. */
function install(name: string): void {
  const at = join(folder, 'node_modules/@rightsize', name);
  mkdirSync(at, { recursive: true });
  run('tar', ['-xzf', tarballOf(name), '-C', at, '--strip-components=1']);
  const { dependencies = {}, peerDependencies = {} } = manifestOf(name);
  for (const declared of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (!declared.startsWith('@rightsize/')) link(declared);
  }
}

function link(name: string): void {
  const at = join(folder, 'node_modules', name);
  if (existsSync(at)) return;
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(join(TOP, 'node_modules', name), at);
}

describe('the packed libraries', () => {
  it('make a Nest application that is built, asked and stopped, with nothing but what they declare', async () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    writeFileSync(join(folder, 'main.ts'), MAIN);
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], folder);
    application = await serving(process.execPath, ['dist/main.js'], { cwd: folder, env: { UPSTREAM: simulator.url } });
    const ask = (path: string) =>
      fetch(`${application!.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-rightsize-client': 'user' },
        body: JSON.stringify({ model: 'llama3.2', messages: [{ role: 'user', content: 'Hello' }], stream: false }),
      });
    const [own, proxied] = [await ask('/chat'), await ask('/ollama/api/chat')];
    expect([own.headers.get('x-rightsize-rule'), proxied.headers.get('x-rightsize-rule')]).toEqual(['open', 'stay']);
    expect(proxied.headers.get('x-mark')).toBe('user');
    expect(await own.json()).toMatchObject({ done: true });
    const complete = new Promise((resolve) => application!.child.stdout!.once('data', (line) => resolve(String(line))));
    await application.stop();
    expect(await complete).toBe('no more events\n');
  }, 60_000);

  it.each(PUBLISHED)('%s: is what it says it is, to publint', async (name) => {
    const { publint } = await import('publint');
    const { messages } = await publint({ pkgDir: join(folder, 'node_modules/@rightsize', name), pack: false });
    expect(messages.filter(({ type }) => type !== 'suggestion')).toEqual([]);
  });

  it('have types that fit their ES modules, to attw', () => {
    // In a process of its own: it brings a TypeScript of its own along.
    const found = run(process.execPath, ['--input-type=module', '-e', ATTW, ...PUBLISHED.map(tarballOf)]);
    expect(JSON.parse(found)).toEqual(Object.fromEntries(PUBLISHED.map((name) => [`@rightsize/${name}`, []])));
  }, 60_000);
});
