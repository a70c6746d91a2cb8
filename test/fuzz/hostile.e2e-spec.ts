import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Random } from '@rightsize/traffic';
import { until } from '../../apps/gateway/test/gateway-fixture.js';
import { PinoLogger } from '../../apps/gateway/src/pino-logger.service.js';
import type { Gateway } from '../../apps/gateway/src/start-gateway.js';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';
import { CANARY } from './hostile-bodies.js';
import { hostileRequest } from './hostile-requests.js';
import { exchange } from './raw-exchange.js';

/** `npm run fuzz -- --times N --seed S` sets these. */
const TIMES = Number(process.env['RIGHTSIZE_FUZZ_TIMES'] ?? 2000);
const SEED = Number(process.env['RIGHTSIZE_FUZZ_SEED'] ?? 1);

let folder: string;
/** Two servers that are the same, so that what one request leaves behind does not meet its twin. */
let alone: Simulator;
let behind: Simulator;
let gateway: Gateway;
/** All that is logged, of whatever level. */
const logged: string[] = [];

beforeAll(async () => {
  for (const level of ['log', 'warn', 'debug', 'error', 'fatal'] as const)
    jest.spyOn(PinoLogger.prototype, level).mockImplementation((...said) => void logged.push(inspect(said)));
  folder = mkdtempSync(join(tmpdir(), 'rightsize-fuzz-'));
  // What is too long for the default window is refused, which is what the gateway is there to mend.
  alone = await createSimulator({ timeScale: 0, contextLength: 65_536 });
  behind = await createSimulator({ timeScale: 0 });
  gateway = await gatewayBefore(behind.url, join(folder, 'rightsize.sqlite'));
});

afterAll(async () => {
  await gateway.close();
  await alone.close();
  await behind.close();
  rmSync(folder, { recursive: true, force: true });
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('hostile requests', () => {
  it(
    `are answered through the gateway as the server answers them, and leave no socket: ${TIMES} of seed ${SEED}`,
    async () => {
      const random = new Random(SEED);
      const before = sockets();
      const differing: object[] = [];
      for (let number = 0; number < TIMES; number += 1) {
        const hostile = hostileRequest(random);
        const ask = () => Promise.all([exchange(alone.url, hostile), exchange(gateway.url, hostile)]);
        let [direct, through] = await ask();
        // A busy machine stalls now and then, whoever is asked; what is wrong stalls again.
        if (direct !== through && `${direct}${through}`.includes('~')) [direct, through] = await ask();
        if (direct === through) continue;
        // Nobody has to answer what never was whole: whoever does is quicker than the client's leaving.
        if (hostile.kind === 'early-close' && (direct === '' || through === '')) continue;
        const bytes = Buffer.concat(hostile.parts).toString('latin1');
        differing.push({ number, kind: hostile.kind, direct, through, bytes: bytes.slice(0, 900) });
      }
      expect(differing).toEqual([]);
      expect((await fetch(`${gateway.url}/api/version`, { headers: { connection: 'close' } })).status).toBe(200);
      // What stays are the gateway's kept connections to the server, at both their ends.
      await until(() => sockets() <= before + 8);
    },
    60_000 + TIMES * 60,
  );

  it('leave nothing of what they say in log and database', async () => {
    await gateway.close();
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
    expect(files.join()).toContain('request.completed');
    expect(files.join()).not.toContain(CANARY);
    expect(logged).not.toEqual([]);
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  });
});
