import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { call, simulatorFor, type Json } from './sim-fixture.js';

describe('a clock that stands still', () => {
  const still = simulatorFor({ timeScale: 0 });
  const chat = { model: 'llama3.2', messages: [{ role: 'user', content: 'x' }], stream: false };

  it('moves only while somebody waits, so an idle runner never expires', async () => {
    await call(still.sim, 'POST', '/api/chat', chat);
    const before = still.sim.stats().virtualNs;
    const ps = await call(still.sim, 'GET', '/api/ps');
    expect([still.sim.stats().virtualNs, (ps.json.models as Json[]).length]).toEqual([before, 1]);
  });

  it('reports the same durations every time', async () => {
    const first = await call(still.sim, 'POST', '/api/chat', chat);
    still.sim.reset();
    const again = await call(still.sim, 'POST', '/api/chat', chat);
    const { created_at: _, ...rest } = first.json;
    expect(again.json).toMatchObject(rest);
    expect(still.sim.stats().virtualNs).toBe(rest.total_duration);
  });

  it('says in /sim/stats what happened, and forgets it at /sim/reset', async () => {
    await call(still.sim, 'POST', '/api/chat', chat);
    const stats = (await call(still.sim, 'GET', '/sim/stats')).json;
    expect(stats).toMatchObject({ requests: 1, loads: 1, cuts: 0, shifted: 0, outcomes: { done: 1, cancelled: 0 } });
    await call(still.sim, 'POST', '/sim/reset');
    expect((await call(still.sim, 'GET', '/sim/stats')).json).toMatchObject({ virtual_ns: 0, requests: 0, loads: 0 });
    expect((await call(still.sim, 'GET', '/api/ps')).json).toEqual({ models: [] });
  });
});

describe('a clock so slow that nothing ends by itself', () => {
  const slow = simulatorFor({ timeScale: 10_000, maxQueue: 2 });
  const load = (num_ctx: number) =>
    call(slow.sim, 'POST', '/api/generate', { model: 'llama3.2', options: { num_ctx } });

  /** The request is in the machine once it has been counted. */
  async function counted(requests: number): Promise<void> {
    while (slow.sim.stats().requests < requests) await call(slow.sim, 'GET', '/');
  }

  it('a reset ends what is running as cancelled', async () => {
    const running = load(4096);
    await counted(1);
    slow.sim.reset();
    const reply = await running;
    expect([reply.status, reply.json]).toEqual([499, { error: 'request canceled' }]);
  });

  it('a model that is still loading is not in /api/ps', async () => {
    const running = load(4096);
    await counted(1);
    expect((await call(slow.sim, 'GET', '/api/ps')).json).toEqual({ models: [] });
    slow.sim.reset();
    await running;
  });

  it('a client that leaves during a load aborts it', async () => {
    const req = request(`${slow.sim.url}/api/generate`, { method: 'POST', agent: false });
    req.on('error', () => undefined);
    req.end(JSON.stringify({ model: 'llama3.2' }));
    await counted(1);
    req.destroy();
    while (slow.sim.stats().outcomes.cancelled === 0) await call(slow.sim, 'GET', '/');
    expect(slow.sim.stats()).toMatchObject({ loads: 1, abortedLoads: 1 });
  });

  it('answers 503 when one load is in hand and the queue behind it is full', async () => {
    const waiting: ReturnType<typeof load>[] = [];
    for (let requests = 1; requests <= 3; requests += 1) {
      waiting.push(load(1024 * requests));
      await counted(requests);
    }
    const refused = await load(8192);
    expect([refused.status, refused.text]).toEqual([
      503,
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
    ]);
    slow.sim.reset();
    expect((await Promise.all(waiting)).map((reply) => reply.status)).toEqual([499, 499, 499]);
  });
});

describe('a clock that runs', () => {
  const running = simulatorFor({ timeScale: 0.05 });

  it('sends tokens as they come, several at a time, and all of them', async () => {
    const req = request(`${running.sim.url}/api/generate`, { method: 'POST', agent: false });
    req.end(
      JSON.stringify({
        model: 'llama3.2',
        prompt: 'x',
        format: { type: 'array', items: { enum: ['w '.repeat(300)] } },
      }),
    );
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    let arrivals = 0;
    let text = '';
    for await (const chunk of res) {
      arrivals += 1;
      text += String(chunk);
    }
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(lines).toHaveLength(Number(lines.at(-1)?.eval_count) + 1);
    expect(arrivals).toBeGreaterThan(2);
    expect(arrivals).toBeLessThan(lines.length);
  });

  it('shows in /api/ps when the runner will be gone on the wall clock', async () => {
    const body = { model: 'llama3.2', prompt: 'x', stream: false, keep_alive: '200s', options: { num_predict: 1 } };
    await call(running.sim, 'POST', '/api/generate', body);
    const { json } = await call(running.sim, 'GET', '/api/ps');
    const expires = Date.parse(String((json.models as Json[])[0]?.expires_at));
    // Two hundred virtual seconds at a twentieth: ten seconds, of which little has passed.
    expect(expires).toBeGreaterThan(Date.now());
    expect(expires).toBeLessThanOrEqual(Date.now() + 10_000);
  });
});
