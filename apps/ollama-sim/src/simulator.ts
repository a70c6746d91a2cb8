import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  MEASURED_VERSION,
  OllamaMachine,
  PROFILES,
  builtInModels,
  parseVersion,
  rulesOf,
  type Hardware,
  type ModelCard,
} from '@rightsize/ollama-model';
import { ModelStore } from './engine/model-store.js';
import type { SimServer } from './engine/server.js';
import { VirtualTime } from './engine/virtual-time.js';
import { sendError } from './http/reply.js';
import { dispatch } from './http/router.js';
import { nativeRoutes } from './native/native.routes.js';
import { simulatorRoutes, type SimulatorStats } from './simulator.routes.js';
import { v1Routes } from './v1/v1.routes.js';

export interface SimulatorOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default PROFILES.gpu8 */
  readonly hardware?: Hardware;
  /** Wall seconds a virtual second takes; 0: no waiting at all. @default 0.02 */
  readonly timeScale?: number;
  /** @default the version that was measured */
  readonly version?: string;
  /** @default builtInModels(hardware) */
  readonly models?: readonly ModelCard[];
  /** `OLLAMA_NUM_PARALLEL`. @default 1 */
  readonly parallel?: number;
  /** `OLLAMA_CONTEXT_LENGTH`, tokens; null: not set. @default null */
  readonly contextLength?: number | null;
  /** `OLLAMA_MAX_QUEUE`. @default 512 */
  readonly maxQueue?: number;
  /** `OLLAMA_MAX_LOADED_MODELS`. @default 3 */
  readonly maxLoaded?: number;
}

export type { SimulatorStats };

export interface Simulator {
  readonly url: string;
  readonly port: number;
  stats(): SimulatorStats;
  /** As `POST /sim/reset`: nothing loaded, all counters and the clock at zero, models as at the start. */
  reset(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

function serverOf(options: SimulatorOptions): SimServer {
  const hardware = options.hardware ?? PROFILES.gpu8;
  const version = parseVersion(options.version ?? MEASURED_VERSION);
  if (version === null) throw new Error(`not a version: ${options.version}`);
  const contextLength = options.contextLength ?? null;
  const defaults = {
    numCtx: contextLength ?? hardware.defaultContext,
    numCtxExplicit: contextLength !== null,
    rules: rulesOf(version),
  };
  const machine = new OllamaMachine({
    hardware,
    defaults,
    parallel: options.parallel ?? 1,
    maxLoaded: options.maxLoaded ?? 3,
    maxQueue: options.maxQueue ?? 512,
  });
  const time = new VirtualTime(machine, options.timeScale ?? 0.02);
  const store = new ModelStore(options.models ?? builtInModels(hardware));
  return { machine, time, store, defaults, version: version.text, blobs: new Set() };
}

function statsOf(server: SimServer): SimulatorStats {
  const virtualNs = Math.round(server.time.now());
  return { ...server.machine.counters(), virtualNs };
}

function reset(server: SimServer): void {
  server.time.reset();
  server.store.reset();
  server.blobs.clear();
}

async function handle(
  routes: Parameters<typeof dispatch>[0],
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  try {
    await dispatch(routes, req, res);
  } catch (error) {
    // A client that left while it was sending is no fault; anything else is one of the simulator's own.
    // (A request that was read to its end counts as destroyed, too.)
    if (res.destroyed || (req.destroyed && !req.complete)) return;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    if (res.headersSent) res.destroy();
    else sendError(res, 500, 'internal server error');
  }
}

/** Starts a server that behaves like Ollama and has no model inside. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const server = serverOf(options);
  const own = simulatorRoutes({ stats: () => statsOf(server), reset: () => reset(server) });
  const routes = [...nativeRoutes(server), ...v1Routes(server), ...own];
  const http = createServer((req, res) => void handle(routes, req, res));
  // Long answers at a slow clock are no reason to hang up.
  http.requestTimeout = 0;
  // Go's server keeps idle connections for ever; one closed under a pooling client would fail its next request.
  http.keepAliveTimeout = 0;
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port ?? 0, host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stats: () => statsOf(server),
    reset: () => reset(server),
    close: () =>
      new Promise((resolve) => {
        server.time.close();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
