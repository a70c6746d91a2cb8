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
  /** One that takes tools. */
  readonly toolsModel: string;
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
    toolsModel: model,
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

/** With this template any model takes tools. */
const TOOLS_TEMPLATE =
  '{{ if .Tools }}<|tools|>{{ .Tools }}{{ end }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}' +
  '{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}{{ end }}<|assistant|>';

let made = 0;

async function ask(url: string, method: string, body: object): Promise<void> {
  const response = await fetch(url, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/** A real server, `URL,MODEL`; its model must be small. Another is made of it that takes tools. */
export async function startRealWorld(named: string): Promise<World> {
  const [url = '', model = 'random'] = named.split(',');
  const toolsModel = `${model}-rightsize-clients-${process.pid}-${(made += 1)}`;
  await ask(`${url}/api/create`, 'POST', { model: toolsModel, from: model, template: TOOLS_TEMPLATE, stream: false });
  const world = await worldOf(url, model, null);
  const close = async () => {
    await world.close();
    await ask(`${url}/api/delete`, 'DELETE', { model: toolsModel });
  };
  return { ...world, toolsModel, close };
}
