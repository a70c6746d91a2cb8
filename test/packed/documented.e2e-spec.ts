import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { startServer, type ChildServer } from '@rightsize/traffic';
import { blocksOf, type Block } from './documented.js';
import { packedInstall, type PackedInstall } from './packed-install.js';
import { serving, type Serving } from './serving.js';

const PAGES = ['install', 'connect', 'operate', 'troubleshoot', 'security', 'admin'].map((name) => `docs/${name}.md`);
/** What pages import that a user installs. */
const CLIENTS = ['ollama', 'openai', '@langchain/ollama', '@langchain/core'];

let installed: PackedInstall;
let ollama: ChildServer;

beforeAll(async () => {
  installed = packedInstall();
  for (const name of CLIENTS) {
    const at = join(installed.folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    if (!existsSync(at)) symlinkSync(join(process.cwd(), 'node_modules', name), at);
  }
  ollama = await startServer('apps/ollama-sim/dist/main.js', ['--port', '0', '--time-scale', '0']);
}, 60_000);
afterAll(async () => {
  await ollama?.stop();
  installed?.remove();
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}

/** Runs the blocks of a page in order, as a reader would, in a folder of its own; the ports are other ones. */
class Reader {
  readonly #folder: string;
  readonly #ports: readonly [string, string];
  #server: Serving | null = null;

  constructor(page: string, ports: readonly [string, string]) {
    this.#folder = join(installed.folder, basename(page, '.md'));
    this.#ports = ports;
    mkdirSync(this.#folder);
  }

  async run({ kind, language, text, where }: Block): Promise<void> {
    const [upstream, own] = this.#ports;
    const command = text.replaceAll('11434', upstream).replaceAll('11435', own);
    if (kind === 'serves') {
      await this.close();
      this.#server = await serving('sh', ['-ec', command], { cwd: this.#folder });
      return;
    }
    if (kind !== 'test') return;
    const script = join(this.#folder, 'block.mjs');
    if (language === 'js') writeFileSync(script, command);
    const args = language === 'js' ? [script] : ['-ec', command];
    const { status, stdout, stderr } = spawnSync(language === 'js' ? process.execPath : 'sh', args, {
      cwd: this.#folder,
      env: { ...process.env, npm_config_offline: 'true' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${where} ended with ${status}:\n${text}${stdout}${stderr}`);
  }

  async close(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }
}

describe('the commands in the documentation', () => {
  it.each(PAGES)(
    'of %s do what they say, one after the other',
    async (page) => {
      const reader = new Reader(page, [new URL(ollama.url).port, await freePort()]);
      try {
        for (const block of blocksOf(page)) await reader.run(block);
      } finally {
        await reader.close();
      }
      // Some twenty programs start one after the other; on a busy machine each takes seconds.
    },
    180_000,
  );

  it.each(PAGES)('of %s are run here, or say why not', (page) => {
    const blocks = blocksOf(page);
    expect(blocks.some(({ kind }) => kind === 'test')).toBe(true);
    expect(blocks.filter(({ kind }) => kind === 'unmarked').map(({ where }) => where)).toEqual([]);
    expect(blocks.filter(({ kind, reason }) => kind === 'untested' && reason === '')).toEqual([]);
  });
});
