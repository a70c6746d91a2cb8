import {
  Controller,
  Get,
  Injectable,
  Post,
  Body,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
import { RightsizeModule, RightsizeProxyModule, RightsizeService, getRightsizeToken } from '@rightsize/nest';
import { map } from 'rxjs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { Hosts, PLATFORMS } from './host.js';

const LONG = 'word '.repeat(30_000);

@Injectable()
class KeyGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get<boolean>('isPublic', context.getHandler())) return true;
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    if (headers.authorization === 'Bearer mine') return true;
    throw new UnauthorizedException('no key');
  }
}

/** What it puts around answers must not reach those of the model server. */
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Controller('own')
class OwnController {
  @Get()
  hello(): string {
    return 'hello';
  }

  @Post()
  echo(@Body() body: object): object {
    return body;
  }
}

function withGlobals(app: INestApplication): void {
  app.setGlobalPrefix('app');
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
  app.useGlobalInterceptors(new Wrap());
}

it('RightsizeProxyModule mounts nothing where no server is, as in the context of a command line', async () => {
  class Part {
    readonly isPart = true;
  }
  const imports = [
    RightsizeModule.forRoot({ upstream: 'http://127.0.0.1:9', database: ':memory:' }),
    RightsizeProxyModule.forRoot({ prefix: 'ollama' }),
  ];
  const host = { module: Part, imports };
  const context = await NestFactory.createApplicationContext(host, { logger: false, abortOnError: false });
  expect(context.get(RightsizeService).health().mode).toBe('active');
  await context.close();
});

describe.each(PLATFORMS)('RightsizeProxyModule on %s', (platform) => {
  let sim: Simulator;
  let hosts: Hosts;
  const raw: { headers: string[]; body: Buffer; url: string }[] = [];
  let mirror: Server;
  let mirrorUrl: string;

  beforeAll(async () => {
    sim = await createSimulator({ timeScale: 0 });
    mirror = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        raw.push({ headers: request.rawHeaders, body: Buffer.concat(chunks), url: request.url! });
        response.writeHead(200, ['Content-Type', 'text/plain', 'X-Twice', 'a', 'X-Twice', 'b']).end('mirrored');
      });
    }).listen(0, '127.0.0.1');
    await once(mirror, 'listening');
    mirrorUrl = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    mirror.closeAllConnections();
    mirror.close();
    await sim.close();
  });
  beforeEach(() => {
    sim.reset();
    raw.length = 0;
    hosts = new Hosts();
  });
  afterEach(() => hosts.closeAll());

  const rightsize = (upstream = sim.url, name?: string) =>
    RightsizeModule.forRoot({ upstream, database: hosts.database(), ...(name === undefined ? {} : { name }) });
  const chat = (content: string, more: object = {}) =>
    JSON.stringify({ model: 'llama3.2', messages: [{ role: 'user', content }], options: { num_predict: 5 }, ...more });
  const post = (url: string, body: string, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

  it("streams through what was sized, whatever the application's pipes and interceptors do, beside its own routes", async () => {
    const { url } = await hosts.start(
      platform,
      { imports: [rightsize(), RightsizeProxyModule.forRoot({ prefix: 'ollama' })], controllers: [OwnController] },
      withGlobals,
    );
    // Far beyond what the application's own parser takes.
    const answer = await post(`${url}/ollama/api/chat`, chat(LONG));
    expect(answer.status).toBe(200);
    const lines = (await answer.text()).trim().split('\n');
    const last = JSON.parse(lines.at(-1)!) as { done: boolean; prompt_eval_count: number };
    expect(Number(answer.headers.get('x-rightsize-num-ctx'))).toBeGreaterThan(last.prompt_eval_count);
    expect(last).toMatchObject({ done: true });
    expect(last.prompt_eval_count).toBeGreaterThan(30_000);
    expect(await (await fetch(`${url}/app/own`)).json()).toEqual({ data: 'hello' });
    expect(await (await post(`${url}/app/own`, '{"a":1}')).json()).toMatchObject({ data: { a: 1 } });
    expect((await fetch(`${url}/ollamas/api/tags`)).status).toBe(404);
  });

  it('speaks the other dialects below its prefix', async () => {
    const { url } = await hosts.start(platform, {
      imports: [rightsize(), RightsizeProxyModule.forRoot({ prefix: '/ollama/' })],
    });
    const answer = await post(
      `${url}/ollama/v1/chat/completions`,
      chat('hello', { options: undefined, max_tokens: 5 }),
    );
    expect(answer.headers.get('x-rightsize-route')).toBe('translate');
    expect(await answer.json()).toMatchObject({ object: 'chat.completion', usage: { completion_tokens: 5 } });
  });

  it("keeps the application's keys and cookies, and passes everything else byte for byte", async () => {
    const { url } = await hosts.start(platform, {
      imports: [rightsize(mirrorUrl), RightsizeProxyModule.forRoot({ prefix: 'ollama' })],
    });
    const body = '{ "name" : "x",  "n": 12345678901234567890 }';
    const answer = await post(`${url}/ollama/api/unknown?q=%20`, body, {
      authorization: 'Bearer mine',
      cookie: 'session=1',
      'x-other': 'kept',
    });
    expect(await answer.text()).toBe('mirrored');
    expect(answer.headers.get('x-twice')).toBe('a, b');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    const { headers, body: sent, url: path } = raw.find((one) => one.url.startsWith('/api/unknown'))!;
    expect([path, sent.toString()]).toEqual(['/api/unknown?q=%20', body]);
    expect(headers.join('\n')).not.toMatch(/mine|session/);
    expect(headers).toContain('kept');
  });

  it("lets in whom the application's guards let in, and tells the others in their dialect", async () => {
    const { url } = await hosts.start(platform, {
      imports: [
        rightsize(),
        RightsizeProxyModule.forRoot({ prefix: 'ollama' }),
        RightsizeProxyModule.forRoot({ prefix: 'open', decorators: [SetMetadata('isPublic', true)] }),
      ],
      providers: [{ provide: APP_GUARD, useClass: KeyGuard }],
    });
    const tags = (path: string, headers: Record<string, string> = {}) => fetch(`${url}/${path}`, { headers });
    expect(await (await tags('ollama/api/tags')).json()).toEqual({ error: 'no key' });
    expect((await tags('ollama/api/tags')).status).toBe(401);
    expect(await (await post(`${url}/ollama/v1/chat/completions`, chat('x'))).json()).toMatchObject({
      error: { message: 'no key' },
    });
    expect((await tags('ollama/api/tags', { authorization: 'Bearer mine' })).status).toBe(200);
    expect((await tags('open/api/tags')).status).toBe(200);
  });

  it('mounts several instances side by side', async () => {
    const { url, app } = await hosts.start(platform, {
      imports: [
        rightsize(),
        rightsize(mirrorUrl, 'other'),
        RightsizeProxyModule.forRoot({ prefix: 'a' }),
        RightsizeProxyModule.forRoot({ prefix: 'b', instance: 'other' }),
      ],
    });
    expect(await (await fetch(`${url}/b/api/version`)).text()).toBe('mirrored');
    expect(await (await fetch(`${url}/a/api/version`)).json()).toHaveProperty('version');
    expect(app.get(RightsizeService).current.upstream).toBe(sim.url);
    expect(app.get<RightsizeService>(getRightsizeToken('other')).current.upstream).toBe(mirrorUrl);
  });

  it('says at start that there is no such instance', async () => {
    const start = hosts.start(platform, {
      imports: [rightsize(), RightsizeProxyModule.forRoot({ prefix: 'a', instance: 'nobody' })],
    });
    await expect(start).rejects.toThrow('there is no RightsizeModule with the name "nobody"');
  });

  it('records streams that the end of the application cuts off', async () => {
    const never = createServer((request, response) => {
      request.resume();
      if (request.url === '/api/chat') response.writeHead(200).write('{"message":{"content":"hi"},"done":false}\n');
      else response.writeHead(500).end('{}');
    }).listen(0, '127.0.0.1');
    await once(never, 'listening');
    try {
      const imports = [
        RightsizeModule.forRoot({
          upstream: `http://127.0.0.1:${(never.address() as AddressInfo).port}`,
          database: hosts.database(),
          mode: 'shadow',
        }),
        RightsizeProxyModule.forRoot({ prefix: 'ollama' }),
      ];
      const { url, app } = await hosts.start(platform, { imports }, undefined, { forceCloseConnections: true });
      const types: string[] = [];
      app
        .get(RightsizeService)
        .events({ after: 0 })
        .subscribe(({ type, data }) => types.push(`${type} ${(data as { taints?: string[] }).taints?.[0] ?? ''}`));
      const answer = await post(`${url}/ollama/api/chat`, chat('hello'));
      const reading = answer.text().catch(() => 'cut off');
      await app.close();
      expect(await reading).toBe('cut off');
      expect(types).toEqual(['request.optimized ', 'request.completed cancelled']);
    } finally {
      never.closeAllConnections();
      never.close();
    }
  });
});
