import { Random } from './sizing-random.js';
import { varied } from './sizing-made.js';
import type { Workload } from './sizing-workload.js';

type Request = Workload['requests'][number];

/** The same traffic another day: the sessions of each client change places, some come twice, on a varied machine. */
export function resample({ hardware, requests }: Workload, seed: number): Workload {
  const random = new Random(seed);
  const drawn = [...clientsOf(requests).values()].flatMap((sessions) =>
    sessions.flatMap((slot, index) => {
      // Neighbours change places: a batch stays where it is, and what drifts goes on drifting.
      const near = Math.min(
        sessions.length - 1,
        Math.max(0, index + Math.round(random.normal() * sessions.length * 0.1)),
      );
      const shift = slot[0]!.arrival.t - sessions[near]![0]!.arrival.t + random.normal() * 20;
      return sessions[near]!.map((request) => moved(request, shift, index));
    }),
  );
  const sorted = drawn.filter(({ arrival }) => arrival.t >= 0).toSorted((a, b) => a.arrival.t - b.arrival.t);
  return {
    hardware: varied(random, hardware),
    requests: sorted.map(({ arrival, outcome }, id) => ({ arrival: { ...arrival, id: String(id) }, outcome })),
  };
}

/** Sessions by client, in order of their first request: conversations, and single requests. */
function clientsOf(requests: readonly Request[]): Map<string, Request[][]> {
  const clients = new Map<string, Request[][]>();
  const open = new Map<string, Request[]>();
  for (const request of requests) {
    const { template, conversation } = request.arrival;
    const known = conversation === null ? undefined : open.get(conversation);
    if (known) {
      known.push(request);
      continue;
    }
    const session = [request];
    if (conversation !== null) open.set(conversation, session);
    const sessions = clients.get(template ?? '') ?? [];
    sessions.push(session);
    clients.set(template ?? '', sessions);
  }
  return clients;
}

function moved({ arrival, outcome }: Request, shift: number, index: number): Request {
  const conversation = arrival.conversation === null ? null : `${arrival.template}:${index}`;
  return { arrival: { ...arrival, t: arrival.t + shift, conversation }, outcome };
}
