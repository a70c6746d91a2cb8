import {
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, CommandBus, CommandHandler, CqrsModule, EventsHandler } from '@nestjs/cqrs';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { InMemoryEventStore, InMemoryReadModelStore, type RecordedEvent } from '@rightsize/event-store';
import { createTemplateDetector, decide, type DecisionInput } from '@rightsize/optimizer-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, toArray } from 'rxjs';
import { DataSource } from 'typeorm';
import { startFakeOllama, type FakeOllama } from '../../optimizer/test/fake-ollama.js';
import {
  getRightsizeToken,
  InjectRightsize,
  RequestOptimized,
  RightsizeModule,
  RightsizeService,
  SettingsError,
  type Backend,
  type LogStorage,
  type RightsizeModuleOptions,
} from '../src/index.js';

const CHAT = { model: 'llama3', messages: [{ role: 'user', content: 'hello' }] };
const FINAL = { done: true, done_reason: 'stop', load_duration: 5e6, prompt_eval_count: 20, eval_count: 5 };

let folder: string;
let ollama: FakeOllama;
let app: INestApplicationContext | null = null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-nest-'));
  ollama = await startFakeOllama();
});

afterEach(async () => {
  await app?.close();
  app = null;
  await ollama.close();
  rmSync(folder, { recursive: true, force: true });
});

function options(over: Partial<RightsizeModuleOptions> = {}): RightsizeModuleOptions {
  return { upstream: ollama.url, database: join(folder, 'log.sqlite'), ...over };
}

/** A module of the host. */
function part(metadata: ModuleMetadata): Type {
  class Part {
    readonly isPart = true;
  }
  Module(metadata)(Part);
  return Part;
}

async function start(...imports: readonly (DynamicModule | typeof CqrsModule)[]): Promise<INestApplicationContext> {
  app = await NestFactory.createApplicationContext(part({ imports: [...imports] }), {
    logger: false,
    abortOnError: false,
  });
  return app;
}

function windowOf(body: Buffer): number | undefined {
  return (JSON.parse(body.toString()) as { options?: { num_ctx?: number } }).options?.num_ctx;
}

describe('RightsizeService', () => {
  it('takes a parsed body, a text or bytes, and says what it decided', async () => {
    ollama.loaded.set('llama3:latest', 8192);
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    for (const body of [CHAT, JSON.stringify(CHAT), Buffer.from(JSON.stringify(CHAT))]) {
      const sized = await service.optimize(body, { client: 'billing' });
      expect(sized.decision).toMatchObject({ rule: 'stay', numCtx: 8192 });
      expect(windowOf(sized.body)).toBe(8192);
      expect(await service.record(sized, { status: 200, body: FINAL })).toBeNull();
    }
    await service.settled();
    expect(service.decisions(1)).toMatchObject([
      { client: 'billing', route: 'chat', outcome: { status: 200, promptTokens: 20, outputTokens: 5, taints: [] } },
    ]);
  });

  it('reads a body with a prompt as one of /api/generate', async () => {
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    await service.record(await service.optimize({ model: 'llama3', prompt: 'hello' }, {}), {
      status: 200,
      body: FINAL,
    });
    expect(service.decisions(1)).toMatchObject([{ route: 'generate', client: null }]);
  });

  it('gives the next attempt for a prompt that the server has counted and refused', async () => {
    ollama.loaded.set('llama3:latest', 4096);
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    const refused = {
      error: JSON.stringify({
        error: { code: 400, type: 'exceed_context_size_error', message: 'm', n_prompt_tokens: 9000, n_ctx: 4096 },
      }),
    };
    const first = await service.optimize(CHAT, {});
    const second = (await service.record(first, { status: 400, body: refused }))!;
    expect(windowOf(second.body)).toBeGreaterThan(9000);
    expect(await service.record(second, { status: 200, body: FINAL })).toBeNull();
  });

  it('does not reject for what is no request at all, and leaves it as it came', async () => {
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    const sized = await service.optimize('{bad', {});
    expect(sized.body.toString()).toBe('{bad');
    expect(sized.decision).toBeUndefined();
  });
});

describe('the events', () => {
  it('come from a position on, each once and in order, and end after the last one when the application stops', async () => {
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    await service.record(await service.optimize(CHAT, {}), { status: 200, body: FINAL });
    await service.settled();
    const all = firstValueFrom(service.events({ after: 0 }).pipe(toArray()));
    const late: RecordedEvent[] = [];
    service.events().subscribe((event) => late.push(event));
    const one = await service.optimize(CHAT, {});
    await service.record(one, { status: 200, body: FINAL });
    await app!.close();
    app = null;
    const events = await all;
    expect(events.map(({ position }) => position)).toEqual(events.map((_, at) => at + 1));
    expect(events.filter(({ type }) => type === 'request.completed')).toHaveLength(2);
    expect(late.every(({ metadata }) => metadata.correlationId === one.requestId)).toBe(true);
    expect(late.map(({ type }) => type)).toContain('request.completed');
  });

  it('tell of exchanges whose end never came, as cut off', async () => {
    const service = (await start(RightsizeModule.forRoot(options()))).get(RightsizeService);
    const all = firstValueFrom(service.events({ after: 0 }).pipe(toArray()));
    await service.optimize(CHAT, {});
    await app!.close();
    app = null;
    expect((await all).map(({ type, data }) => [type, (data as { taints?: string[] }).taints])).toContainEqual([
      'request.completed',
      expect.arrayContaining(['cancelled']),
    ]);
  });
});

describe('several instances', () => {
  it('have upstreams, logs and handlers of their own, by name', async () => {
    const other = await startFakeOllama();
    try {
      ollama.loaded.set('llama3:latest', 8192);
      other.loaded.set('llama3:latest', 16_384);
      const host = await start(
        RightsizeModule.forRoot(options()),
        RightsizeModule.forRootAsync({
          name: 'big',
          useFactory: () => options({ upstream: other.url, database: join(folder, 'big.sqlite') }),
        }),
      );
      const [one, big] = [host.get(RightsizeService), host.get<RightsizeService>(getRightsizeToken('big'))];
      expect(windowOf((await one.optimize(CHAT, {})).body)).toBe(8192);
      expect(windowOf((await big.optimize(CHAT, {})).body)).toBe(16_384);
      expect([one.decisions(9).length, big.decisions(9).length]).toEqual([1, 1]);
      expect(host.get(getRightsizeToken())).toBe(one);
    } finally {
      await app?.close();
      app = null;
      await other.close();
    }
  });

  it('are injected by name, and everywhere when they are global', async () => {
    @Injectable()
    class Caller {
      constructor(
        @InjectRightsize('a') readonly a: RightsizeService,
        readonly byClass: RightsizeService,
      ) {}
    }
    const host = await start(
      RightsizeModule.forRoot({ ...options({ database: ':memory:' }), isGlobal: true, name: 'a' }),
      RightsizeModule.forRoot({ ...options({ database: ':memory:' }), isGlobal: true }),
      { module: part({ providers: [Caller] }) },
    );
    const caller = host.get(Caller);
    expect(caller.a).toBeInstanceOf(RightsizeService);
    expect(caller.byClass).not.toBe(caller.a);
  });
});

class Greet extends Command<string> {}

@CommandHandler(Greet)
class GreetHandler {
  execute(): Promise<string> {
    return Promise.resolve('hello');
  }
}

const noticed: string[] = [];

@EventsHandler(RequestOptimized)
class NoticeRequests {
  handle({ data, instance }: RequestOptimized): void {
    noticed.push(`${instance} ${data.model}`);
  }
}

describe('beside what the host has of its own', () => {
  it("leaves the host's buses alone, and tells its event bus what happened in which instance", async () => {
    const published: string[] = [];
    const spy = { publish: (command: object) => void published.push(command.constructor.name) };
    const host = await start(
      CqrsModule.forRoot({ commandPublisher: spy, queryPublisher: spy }),
      RightsizeModule.forRoot({ ...options(), name: 'mine' }),
      { module: part({ providers: [GreetHandler, NoticeRequests] }) },
    );
    noticed.length = 0;
    const service = host.get<RightsizeService>(getRightsizeToken('mine'));
    await service.optimize(CHAT, {});
    await service.settled();
    expect(await host.get(CommandBus).execute(new Greet())).toBe('hello');
    expect(published).toEqual(['Greet']);
    expect(noticed).toEqual(['mine llama3:latest']);
  });

  it("keeps its log when the host's event publisher fails", async () => {
    const publish = (): never => {
      throw new Error('no broker');
    };
    const host = await start(CqrsModule.forRoot({ eventPublisher: { publish } }), RightsizeModule.forRoot(options()));
    const service = host.get(RightsizeService);
    await service.record(await service.optimize(CHAT, {}), { status: 200, body: FINAL });
    await service.settled();
    expect(service.health()).toMatchObject({ status: 'ready', log: { queued: 0, lost: 0 } });
  });

  it('takes no data source of the host, default or named, for its own, nor the other way round', async () => {
    const database = (name: string) => join(folder, `${name}.sqlite`);
    const typeorm = { type: 'better-sqlite3', synchronize: true } as const;
    const host = await start(
      TypeOrmModule.forRoot({ ...typeorm, database: database('host') }),
      TypeOrmModule.forRoot({ ...typeorm, name: 'second', database: database('second') }),
      RightsizeModule.forRoot(options()),
    );
    await host.get(RightsizeService).optimize(CHAT, {});
    await host.get(RightsizeService).settled();
    for (const token of [DataSource, getDataSourceToken('second')]) {
      const tables: unknown[] = await host.get<DataSource>(token).query('SELECT name FROM sqlite_master');
      expect(tables).toEqual([]);
    }
    expect(host.get(RightsizeService).health()).toMatchObject({ status: 'ready', log: { position: 1 } });
  });
});

describe('the ports', () => {
  it('are used in the place of its own parts', async () => {
    const store = new InMemoryEventStore();
    let closed = 0;
    const storage: LogStorage = {
      store,
      readModels: new InMemoryReadModelStore(),
      health: () => ({ queuedEvents: 0, queuedBytes: 0, lastError: null }),
      close: () => {
        closed += 1;
        return store.close();
      },
    };
    const backend: Backend = {
      server: { name: 'mine', windows: 'per-request', dialect: 'native', statusPath: '/status' },
      identify: () => null,
      canonicalName: (model) => `${model}:latest`,
      refusesLongPrompts: false,
      loaded: () =>
        Promise.resolve([
          { model: 'llama3:latest', window: 7680, sizeBytes: null, sizeVramBytes: null, expiresInMs: null },
        ]),
      facts: (model) =>
        Promise.resolve({
          model,
          trainedContext: 32_768,
          kvBytesPerToken: null,
          weightsBytes: null,
          modelfileNumCtx: null,
          remote: false,
          capabilities: ['completion'],
        }),
      noticeRefusing: () => undefined,
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    };
    const seen: string[] = [];
    const detector = createTemplateDetector();
    const host = await start(
      RightsizeModule.forRoot(
        options({
          ports: {
            store: () => Promise.resolve(storage),
            backend,
            clock: { nowMs: () => 1_700_000_000_000, monotonicMs: () => performance.now() },
            detector: {
              candidates: (...given) => detector.candidates(...given),
              restore: (templates) => detector.restore(templates),
              resolve: (id) => detector.resolve(id),
              forget: (...given) => detector.forget(...given),
              detect: (...given: Parameters<typeof detector.detect>) => {
                seen.push('detector');
                return detector.detect(...given);
              },
            },
            policy: {
              decide: (input: DecisionInput) => {
                seen.push('policy');
                return { ...decide(input), policyId: 'mine' };
              },
            },
          },
        }),
      ),
    );
    const service = host.get(RightsizeService);
    const sized = await service.optimize(CHAT, {});
    expect(sized.decision).toMatchObject({ rule: 'stay', numCtx: 7680, policyId: 'mine' });
    expect(seen).toEqual(['detector', 'policy']);
    await service.record(sized, { status: 200, body: FINAL });
    await service.settled();
    const events = await store.readAll({ after: 0, limit: 10 });
    expect(events.map(({ type, data }) => [type, (data as { atMs: number }).atMs])).toEqual([
      ['request.optimized', 1_700_000_000_000],
      ['request.completed', 1_700_000_000_000],
    ]);
    await app!.close();
    app = null;
    expect(closed).toBe(2);
  });

  it('refuse settings that work on the SQLite file only', async () => {
    const ports = { store: () => Promise.reject(new Error('never')) };
    await expect(start(RightsizeModule.forRoot(options({ retainDays: 9, ports })))).rejects.toThrow(SettingsError);
  });
});
