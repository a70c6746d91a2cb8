import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCases } from '../apps/bench/src/differential/cases.js';
import { compare, type Compared } from '../apps/bench/src/differential/compare.js';
import type { Models } from '../apps/bench/src/differential/fields.js';
import type { Gateway } from '../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from './gateway-before.js';

/** As many as the whole suite takes in some ten seconds. */
const CASES = 320;
/** `http://127.0.0.1:11434,MODEL,TOOLS_MODEL`: the same on a real server, whose models must be small. */
const REAL = process.env['RIGHTSIZE_REAL_OLLAMA'];

let folder: string;
let simulator: Simulator;
const gateways: Gateway[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-differential-'));
  simulator = await createSimulator({ timeScale: 0, contextLength: 8192 });
});

afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

async function compareAll(upstream: string, models: Models, seed: number): Promise<Compared[]> {
  const gateway = await gatewayBefore(upstream, join(folder, `${gateways.length}.sqlite`));
  gateways.push(gateway);
  const results: Compared[] = [];
  for (const each of makeCases(CASES, seed, models)) results.push(await compare(each, upstream, gateway.url, true));
  return results;
}

/** What differs, whole, so that a failure shows what it is about. */
function differing(results: readonly Compared[]): unknown[] {
  return results
    .filter((each) => !each.isEqual)
    .map(({ case: { path, body }, route, direct, gateway }) => ({ path, body, route, direct, gateway }));
}

describe("the same request to Ollama's own route and through the gateway", () => {
  it(`gives the same answer, ids and times aside: ${CASES} requests of all kinds on the stand-in`, async () => {
    const results = await compareAll(simulator.url, { plain: 'llama3.2', tools: 'qwen3' }, 11);
    expect(differing(results)).toEqual([]);
    const routes = new Set(results.map((each) => `${each.case.path} ${each.route.split(' ')[0]}`));
    for (const path of ['chat/completions', 'completions', 'messages', 'responses']) {
      expect(routes).toContain(`/v1/${path} translate`);
      expect(routes).toContain(`/v1/${path} pass`);
    }
    // Requests that are as they should be are translated, all of them.
    expect(
      results.filter((each) => !each.case.isDamaged && each.direct.status === 200 && each.route !== 'translate'),
    ).toEqual([]);
  }, 120_000);

  it('gives the same answer on a real server, where one is named', async () => {
    if (REAL === undefined) {
      console.log('no real server compared: RIGHTSIZE_REAL_OLLAMA is not set');
      return;
    }
    const [upstream = '', plain = 'random', tools = plain] = REAL.split(',');
    expect(differing(await compareAll(upstream, { plain, tools }, 12))).toEqual([]);
  }, 3_600_000);
});
