import { LiveConfiguration } from '@rightsize/configuration';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import type { MemoryInsight } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KEYS } from '../src/configuration/keys.js';
import { optionsOf } from '../src/configuration/options-of.js';
import { startGateway } from '../src/start-gateway.js';
import { Bench, bodyOf, send, type Answer } from './gateway-fixture.js';

/** What the made-up server shows of its models; a test may change what it answers with. */
const GIB = 2 ** 30;
const SHOWN = {
  model_info: {
    'general.architecture': 'llama',
    'llama.context_length': 131_072,
    'llama.block_count': 32,
    'llama.attention.head_count': 32,
    'llama.attention.head_count_kv': 8,
    'llama.attention.key_length': 128,
    'llama.attention.value_length': 128,
  },
  capabilities: ['completion'],
};

const LOOK = 'GET /api/ps';

/** A gateway with the real optimizer, set by a file, before a server that is made up. */
export class SettingsBench extends Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'rightsize-settings-'));
  readonly file = join(this.folder, 'rightsize.yaml');
  /** `METHOD path` in the order in which the server saw them. */
  readonly asked: string[] = [];
  /** Takes a request away from the server. */
  intercept: (path: string, response: ServerResponse, body: Buffer) => boolean = () => false;
  #waiting: (() => void)[] = [];

  /** Starts with these settings in the file; without `upstream` or `db` there are some. */
  async start(
    yaml: string,
  ): Promise<{ url: string; configuration: LiveConfiguration<typeof KEYS>; close(): Promise<void> }> {
    const upstream = await this.upstream((request, response) => void this.#answer(request, response));
    const environment = [
      ['db', join(this.folder, 'log.sqlite')],
      ['port', '0'],
      ['log-level', 'silent'],
      ['upstream', upstream],
    ].filter(([name]) => !new RegExp(`^${name}:`, 'm').test(yaml));
    // What this machine has must not matter.
    const still = /^system-metrics:/m.test(yaml) ? '' : 'system-metrics: off\n';
    writeFileSync(this.file, still + yaml.replaceAll('UPSTREAM', upstream).replaceAll('FOLDER', this.folder));
    const configuration = new LiveConfiguration(KEYS, {
      file: this.file,
      environment: environment.map(([name, raw]) => ({
        name: name!,
        raw,
        source: { layer: 'environment', where: 'test' },
      })),
      commandLine: [],
    });
    const gateway = await startGateway(optionsOf(configuration.reading), undefined, configuration);
    this.onClose(() => gateway.close());
    return { url: gateway.url, configuration, close: () => gateway.close() };
  }

  /** The log of the gateway that is to be started holds this. */
  async recordBefore(...events: readonly DomainEvent[]): Promise<void> {
    const storage = await openEventStorage({ file: join(this.folder, 'log.sqlite') });
    const recorded = events.map((event, at) => ({ id: `before-${at}`, ...event, schemaVersion: 1, metadata: {} }));
    await storage.store.append('before', recorded);
    await storage.close();
  }

  /** Done at the end, whatever comes. */
  endWith(end: () => unknown): void {
    this.onClose(end);
  }

  /** Programs of this folder go before those of the system: scripts of `sh`. */
  program(name: string, script: string): void {
    const folder = join(this.folder, 'bin');
    const { PATH } = process.env;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
    if (PATH?.startsWith(folder)) return;
    process.env['PATH'] = `${folder}:${PATH}`;
    this.onClose(() => (process.env['PATH'] = PATH));
  }

  /** Resolves when the server was asked this often. */
  async seen(line: string, times = 1): Promise<void> {
    while (this.asked.filter((one) => one === line).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves when the status tells so of the memory: looked at as often as the server is. */
  async measured(url: string, condition: (memory: MemoryInsight) => boolean): Promise<void> {
    for (;;) {
      const { memory } = (await json(`${url}/rightsize/v1/status`)) as { memory: MemoryInsight };
      if (condition(memory)) return;
      const looks = this.asked.filter((line) => line === LOOK).length;
      await this.seen(LOOK, looks + 1);
    }
  }

  /** A server that stands still, with more connections waiting than it holds: the next one gets no answer at all. */
  async deafServer(): Promise<string> {
    const program = `require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})`;
    const child = spawn(process.execPath, ['-e', program]);
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    child.kill('SIGSTOP');
    const waiting = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1').on('error', () => undefined));
    this.onClose(() => {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    });
    await once(waiting[1]!, 'connect');
    return `http://127.0.0.1:${port}`;
  }

  override async closeAll(): Promise<void> {
    await super.closeAll();
    rmSync(this.folder, { recursive: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const path = request.url ?? '';
    this.asked.push(`${request.method} ${path}`);
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.intercept(path, response, body)) return;
    response.end(JSON.stringify(answerTo(path)));
  }
}

function answerTo(path: string): object {
  if (path === '/api/ps') return { models: [] };
  if (path === '/api/version') return { version: '0.34.4' };
  if (path === '/api/tags') return { models: [{ name: 'm:latest', model: 'm:latest', digest: 'd', size: 4 * GIB }] };
  if (path === '/api/show') return SHOWN;
  return { done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 1, load_duration: 1 };
}

export interface ChatOptions {
  readonly client?: string;
  readonly content?: string;
  readonly numCtx?: number;
}

export function chat(url: string, { client, content = 'Hello', numCtx }: ChatOptions = {}): Promise<Answer> {
  return send(`${url}/api/chat`, {
    method: 'POST',
    headers: client === undefined ? [] : ['X-Rightsize-Client', client],
    body: JSON.stringify({
      model: 'm',
      stream: false,
      messages: [{ role: 'user', content }],
      ...(numCtx === undefined ? {} : { options: { num_ctx: numCtx } }),
    }),
  });
}

export async function json(url: string): Promise<unknown> {
  return JSON.parse((await send(url)).body.toString());
}
