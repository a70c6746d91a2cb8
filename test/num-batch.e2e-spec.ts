import { jest } from '@jest/globals';
import { chat, World } from './wrong-beliefs-fixture.js';

jest.setTimeout(60_000);

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world.stop());

const MODEL = 'llama3.2';
/** The server's own choice is to be known from eight answers before another is tried; then most loads try one. */
const MOST_ROUNDS = 60;

/** Somebody lets the model go: the next load happens anyway. */
/** Ollama's `num_batch` where nobody names one. */
const SERVERS_OWN = 512;

async function unload(): Promise<void> {
  const body = JSON.stringify({ model: MODEL, keep_alive: 0 });
  await (await fetch(`${world.gateway.url}/api/generate`, { method: 'POST', body })).text();
}

describe('num_batch that is learnt', () => {
  it('is tried with loads that happen anyway, once the server’s own is known, and never reloads', async () => {
    await world.start();
    await world.gateway.close();
    await world.startGateway({ numBatch: 'learn' });
    const batches: string[] = [];
    let window = 0;
    for (let round = 0; round < MOST_ROUNDS && (batches.at(-1) ?? 'server') === 'server'; round++) {
      await unload();
      const before = world.sim.stats().loads;
      const first = await world.ask({ words: 400 });
      const second = await world.ask({ words: 60 });
      expect(world.sim.stats().loads - before).toBe(1);
      const batch = first.headers.get('x-rightsize-num-batch')!;
      expect(second.headers.get('x-rightsize-num-batch')).toBe(batch);
      window = Number(first.headers.get('x-rightsize-num-ctx'));
      batches.push(batch);
    }
    expect(batches.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 'server'));
    const tried = Number(batches.at(-1));
    expect([256, 512, 1024, 2048]).toContain(tried);

    // The runner has it: who asks the server for just that finds it loaded, who leaves it out does not.
    const before = world.sim.stats().loads;
    await chat(world.sim.url, { words: 5, options: { num_ctx: window, num_batch: tried } });
    expect(world.sim.stats().loads).toBe(before);
    await chat(world.sim.url, { words: 5, options: { num_ctx: window } });
    // What was tried may be what the server takes by itself.
    expect(world.sim.stats().loads).toBe(tried === SERVERS_OWN ? before : before + 1);
  });
});
