import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES } from '@rightsize/ollama-model';
import { createSimulator, type Simulator } from '../../apps/ollama-sim/src/simulator.js';
import { gatewayBefore } from '../gateway-before.js';
import { startWarped, type WarpedUpstream } from '../warped-upstream.js';

/** A server, and a gateway before it whose requests can be looked at. */
export interface World {
  /** The server itself. */
  readonly direct: string;
  readonly gateway: string;
  /** Between the gateway and the server. */
  readonly between: WarpedUpstream;
  /** Null before a real server. */
  readonly simulator: Simulator | null;
  readonly model: string;
  close(): Promise<void>;
}

async function worldOf(direct: string, model: string, simulator: Simulator | null): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'rightsize-clients-'));
  const between = await startWarped(direct);
  const gateway = await gatewayBefore(between.url, join(folder, 'rightsize.sqlite'));
  return {
    direct,
    gateway: gateway.url,
    between,
    simulator,
    model,
    close: async () => {
      await gateway.close();
      await between.close();
      await simulator?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The stand-in answers at once. Its default window is 4096 tokens. */
export async function startQuickWorld(): Promise<World> {
  const simulator = await createSimulator({ timeScale: 0 });
  return worldOf(simulator.url, 'qwen3', simulator);
}

/** The stand-in takes hours for an answer: whoever does not leave does not return. */
export async function startSlowWorld(): Promise<World> {
  const hardware = { ...PROFILES.gpu8, decodeRate: 0.1 };
  const simulator = await createSimulator({ timeScale: 0.01, hardware });
  return worldOf(simulator.url, 'qwen3', simulator);
}

/** A real server, `URL,MODEL`; its model must be small. */
export function startRealWorld(named: string): Promise<World> {
  const [url = '', model = 'random'] = named.split(',');
  return worldOf(url, model, null);
}
