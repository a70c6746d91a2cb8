import type { Counters } from '@rightsize/ollama-model';
import { sendEmpty, sendJson } from './http/reply.js';
import type { Route } from './http/router.js';

/** What `GET /sim/stats` answers, in snake case. */
export interface SimulatorStats extends Counters {
  /** Virtual nanoseconds since start or reset. */
  readonly virtualNs: number;
}

/** What no Ollama has: counters in virtual time, and a fresh start. */
export function simulatorRoutes(sim: { readonly stats: () => SimulatorStats; readonly reset: () => void }): Route[] {
  return [
    {
      method: 'GET',
      path: '/sim/stats',
      handle: ({ res }) => {
        const { virtualNs, outcomes, ...counters } = sim.stats();
        const named = Object.entries(counters).map(([name, value]) => [snake(name), value] as const);
        return sendJson(res, 200, { virtual_ns: virtualNs, ...Object.fromEntries(named), outcomes });
      },
    },
    {
      method: 'POST',
      path: '/sim/reset',
      handle: ({ res }) => {
        sim.reset();
        return sendEmpty(res, 200);
      },
    },
  ];
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
