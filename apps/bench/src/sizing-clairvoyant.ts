import { holdSeconds, loadSeconds, slowdown, workSeconds } from './sizing-machine.js';
import type { Hardware, Workload } from './sizing-workload.js';

/** Candidate windows are thinned to steps of this factor. */
const THINNED = 1.04;

type Requests = Workload['requests'];

/** The least seconds possible with every need held, all requests known beforehand: Viterbi over the windows. */
export function clairvoyantSeconds({ hardware, requests }: Workload): number {
  const levels = windows(hardware, requests);
  let costs = new Float64Array(levels.length);
  let endedAt: number | null = null;
  let lastConversation: string | null = null;
  requests.forEach((request, index) => {
    const { arrival, outcome } = request;
    const follows = arrival.conversation !== null && arrival.conversation === lastConversation;
    const kept = follows ? outcome.cachedPrefix : 0;
    const free = endedAt === null || arrival.t - endedAt > hardware.keep_alive_s;
    const ideal = workSeconds(hardware, request, free ? 0 : kept);
    const until = requests[index + 1]?.arrival.t ?? arrival.t + ideal;
    const rest = Math.min(Math.max(0, until - arrival.t - ideal), hardware.keep_alive_s);
    const least = Math.min(...costs);
    costs = costs.map((cost, level) => {
      const window = levels[level]!;
      if (window < needOf(hardware, request)) return Infinity;
      const move = least + loadSeconds(hardware, window) + kept / hardware.prefill_tps;
      const stays = !free && cost <= move;
      const before = free ? least : Math.min(cost, move);
      const cached = stays ? kept : 0;
      const spilled = workSeconds(hardware, request, cached) * (slowdown(hardware, window) - 1);
      return before + spilled + rest * holdSeconds(hardware, window);
    });
    endedAt = arrival.t + ideal;
    lastConversation = arrival.conversation;
  });
  return Math.min(...costs);
}

/** Tokens of prompt and answer. */
export function needOf(hardware: Hardware, { outcome }: Requests[number]): number {
  return Math.min(outcome.promptTokens + outcome.outputTokens + 1, hardware.max_ctx);
}

/** Candidates: the needs, thinned. */
export function windows(hardware: Hardware, requests: Requests): readonly number[] {
  const needs = requests.map((request) => Math.min(Math.ceil(needOf(hardware, request) / 256) * 256, hardware.max_ctx));
  const sorted = [...new Set(needs)].toSorted((a, b) => a - b);
  const levels: number[] = [];
  for (const need of sorted) if (levels.length === 0 || need >= levels.at(-1)! * THINNED) levels.push(need);
  if (levels.at(-1)! < sorted.at(-1)!) levels.push(sorted.at(-1)!);
  return levels;
}
