import { loadSeconds, holdSeconds, slowdown, workSeconds } from './sizing-machine.js';
import { needOf, windows } from './sizing-clairvoyant.js';
import type { Workload } from './sizing-workload.js';

/** What a request asks of a schedule of windows, computed once. Seconds, tokens. */
interface Asked {
  readonly need: number;
  /** Nothing is loaded: any window costs the same. */
  readonly free: boolean;
  /** Work where the prefix was kept, and prefilling that prefix again. */
  readonly work: number;
  readonly prefix: number;
  /** The runner is held for this long after it. */
  readonly rest: number;
}

export interface Bound {
  readonly seconds: number;
  readonly opens: number;
  readonly grows: number;
}

/**
 * The least seconds of all policies that open at one window and go to another, or to the need, when it is outgrown:
 * both windows, and whether a request outgrows the one that is loaded, known beforehand.
 */
export function bestPair(workload: Workload): Bound {
  return bestOf(workload, (levels) => levels.flatMap((opens) => levels.map((grows) => ({ opens, grows }))));
}

/** The least seconds of one window for all: the largest need at least, or answers would outgrow it. */
export function oneWindow(workload: Workload): Bound {
  return bestOf(workload, (levels) => [{ opens: levels.at(-1)!, grows: levels.at(-1)! }]);
}

function bestOf(
  workload: Workload,
  pairs: (levels: readonly number[]) => readonly { readonly opens: number; readonly grows: number }[],
): Bound {
  const asked = askedOf(workload);
  const levels = windows(workload.hardware, workload.requests);
  let best: Bound = { seconds: Infinity, opens: 0, grows: 0 };
  for (const { opens, grows } of pairs(levels)) {
    if (grows < opens) continue;
    const seconds = secondsOf(workload, asked, opens, grows, best.seconds);
    if (seconds < best.seconds) best = { seconds, opens, grows };
  }
  return best;
}

function secondsOf(
  { hardware }: Workload,
  asked: readonly Asked[],
  opens: number,
  grows: number,
  most: number,
): number {
  let window = 0;
  let seconds = 0;
  for (const { need, free, work, prefix, rest } of asked) {
    if (free) window = Math.max(opens, need);
    else if (need > window) {
      window = Math.max(grows, need);
      seconds += loadSeconds(hardware, window) + prefix;
    }
    seconds += (slowdown(hardware, window) - 1) * work + rest * holdSeconds(hardware, window);
    if (seconds >= most) return Infinity;
  }
  return seconds;
}

function askedOf({ hardware, requests }: Workload): readonly Asked[] {
  let endedAt: number | null = null;
  let lastConversation: string | null = null;
  return requests.map((request, index) => {
    const { arrival, outcome } = request;
    const follows = arrival.conversation !== null && arrival.conversation === lastConversation;
    const kept = follows ? outcome.cachedPrefix : 0;
    const free = endedAt === null || arrival.t - endedAt > hardware.keep_alive_s;
    const work = workSeconds(hardware, request, free ? 0 : kept);
    endedAt = arrival.t + work;
    lastConversation = arrival.conversation;
    const until = requests[index + 1]?.arrival.t ?? endedAt;
    const rest = Math.min(Math.max(0, until - endedAt), hardware.keep_alive_s);
    return { need: needOf(hardware, request), free, work, prefix: kept / hardware.prefill_tps, rest };
  });
}
