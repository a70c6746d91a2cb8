import { Body, Controller, HttpException, Post, Res, StreamableFile } from '@nestjs/common';
import { RightsizeModule, Rightsized, RightsizeService, Sized, type Optimized } from '@rightsize/nest';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { filter, firstValueFrom } from 'rxjs';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { Hosts, PLATFORMS } from './host.js';

let sim: Simulator;
let hosts: Hosts;
const sent: { options?: { num_ctx?: number } }[] = [];

/** What the server says once, whatever it is asked. */
let refusal: object | null = null;

function ask(body: object): Promise<Response> {
  sent.push(body);
  return fetch(`${sim.url}/api/chat`, { method: 'POST', body: JSON.stringify(body) });
}

@Controller('own')
class OwnController {
  @Post('whole')
  @Rightsized()
  async whole(@Body() body: object): Promise<unknown> {
    const answer = await ask({ ...body, stream: false });
    const said: unknown = await answer.json();
    if (refusal) {
      const error = refusal;
      refusal = null;
      throw new HttpException(error, 400);
    }
    return said;
  }

  @Post('stream')
  @Rightsized({ client: () => 'mine' })
  async stream(@Body() body: object): Promise<StreamableFile> {
    return new StreamableFile(Readable.fromWeb((await ask(body)).body as never), { type: 'application/x-ndjson' });
  }

  @Post('raw')
  @Rightsized()
  async raw(@Body() body: object, @Sized() sized: Optimized, @Res() reply: { raw?: ServerResponse }): Promise<void> {
    const response = reply.raw ?? (reply as ServerResponse);
    const said = Buffer.from(await (await ask(body)).arrayBuffer());
    sized.observer.head(200, null);
    sized.observer.chunk(said);
    response.writeHead(200).end(said);
  }

  @Post('broken')
  @Rightsized()
  broken(): never {
    throw new Error('no server');
  }
}

describe.each(PLATFORMS)('a handler that is @Rightsized, on %s', (platform) => {
  let url: string;
  let service: RightsizeService;

  beforeAll(async () => {
    sim = await createSimulator({ timeScale: 0 });
  });
  afterAll(() => sim.close());
  beforeEach(async () => {
    sim.reset();
    sent.length = 0;
    hosts = new Hosts();
    const imports = [RightsizeModule.forRoot({ upstream: sim.url, database: hosts.database() })];
    const host = await hosts.start(platform, { imports, controllers: [OwnController] });
    url = host.url;
    service = host.app.get(RightsizeService);
  });
  afterEach(() => hosts.closeAll());

  /** The end of a response is seen by its client before it is seen here. */
  const recorded = () =>
    firstValueFrom(service.events({ after: 0 }).pipe(filter(({ type }) => type === 'request.completed')));
  const post = (path: string, words = 5): Promise<Response> =>
    fetch(`${url}/own/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-rightsize-client': 'somebody' },
      body: JSON.stringify({
        model: 'llama3.2',
        messages: [{ role: 'user', content: 'word '.repeat(words) }],
        options: { num_predict: 5 },
      }),
    });

  it.each(['whole', 'stream', 'raw'])('gets a sized body, and what it answers is recorded: %s', async (path) => {
    const answer = await post(path);
    if (path !== 'raw') expect(answer.headers.get('x-rightsize-rule')).toBe('open');
    expect(await answer.text()).toContain('"done":true');
    expect(sent[0]!.options!.num_ctx).toBeGreaterThan(0);
    await recorded();
    expect(service.decisions(1)).toMatchObject([
      {
        client: path === 'stream' ? 'mine' : 'somebody',
        numCtx: sent[0]!.options!.num_ctx,
        outcome: { status: 200, outputTokens: 5, taints: ['length'] },
      },
    ]);
  });

  it('is called again with a window that holds a prompt which the server has counted and refused', async () => {
    const error = { code: 400, type: 'exceed_context_size_error', message: 'm', n_prompt_tokens: 20_000, n_ctx: 8192 };
    refusal = { error: JSON.stringify({ error }) };
    const answer = await post('whole');
    expect(await answer.json()).toMatchObject({ done: true });
    expect(answer.headers.get('x-rightsize-refusals')).toBe('1');
    expect(sent).toHaveLength(2);
    expect(sent[1]!.options!.num_ctx).toBeGreaterThan(20_000);
  });

  it('ends the exchange when it fails', async () => {
    expect((await post('broken')).status).toBe(500);
    await recorded();
    expect(service.decisions(1)).toMatchObject([{ outcome: { status: 0 } }]);
  });
});
