import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1 } from '../events.js';
import { forget, pendingOf, remember } from '../pending-requests.js';
import type { Harm } from './harm.js';
import { BLOCK, BLOCKS, NO_HARM, plus, type Counted, type HarmCounts, type SafeguardState } from './safeguard-state.js';

const HOUR_MS = 3_600_000;

/** A baseline of fewer answers says nothing: it goes on beyond its hour until there are as many. */
export const MIN_REFERENCE = 30;

/** More answers are not told of at once. */
const MAX_COUNTED = 4;

/** The events that {@link foldSafeguard} reads. */
export type SafeguardedEvent = Extract<
  DomainEvent,
  {
    type:
      | 'request.optimized'
      | 'request.completed'
      | 'runner.load-failed'
      | 'runner.reloaded'
      | 'truncation.detected'
      | 'safeguard.tripped'
      | 'safeguard.pulled'
      | 'safeguard.lifted';
  }
>;

/** Folds one event of the model into how it fares. */
export function foldSafeguard(state: SafeguardState, event: SafeguardedEvent): SafeguardState {
  switch (event.type) {
    case 'request.optimized':
      return foldDecision(state, event.data);
    case 'request.completed':
      return foldCompletion(state, event.data);
    case 'runner.load-failed': {
      const { requestId } = event.data;
      if (pendingOf(state.sent, requestId) !== 'imposed') return state;
      return { ...state, sent: remember(state.sent, requestId, 'load-failed') };
    }
    case 'truncation.detected':
      return foldHarm(state, event.data.requestId, 'cuts');
    case 'runner.reloaded': {
      const { requestId, cause } = event.data;
      // A first load is nobody's fault, another's change is not ours; in the control group any change counts.
      const isCaused = cause === 'decision' || (cause === 'foreign' && whereCounted(state, requestId) === 'control');
      return isCaused ? foldHarm(state, requestId, 'reloads') : state;
    }
    case 'safeguard.tripped':
    case 'safeguard.pulled':
      return { ...state, tripped: event.data };
    case 'safeguard.lifted':
      // It begins anew: what tripped it must not trip it again.
      return { ...state, tripped: null, recent: [], baseline: isComparedWithControl(state) ? NO_HARM : state.baseline };
  }
}

/** Then the first hour may be what tripped it. */
function isComparedWithControl({ tripped }: SafeguardState): boolean {
  return tripped !== null && 'against' in tripped && tripped.against === 'control';
}

function foldDecision(state: SafeguardState, { requestId, imposed, group }: RequestOptimizedV1): SafeguardState {
  if (group === undefined && !imposed) return state;
  return { ...state, sent: remember(state.sent, requestId, group ?? 'imposed') };
}

function foldCompletion(state: SafeguardState, done: RequestCompletedV1): SafeguardState {
  const { requestId, atMs } = done;
  const how = pendingOf(state.sent, requestId);
  if (how === undefined) return state;
  const sent = forget(state.sent, requestId);
  if (done.taints.includes('cancelled')) return { ...state, sent };
  const sinceMs = state.sinceMs ?? atMs;
  const where = how === 'control' ? 'control' : isFirstHour(state, sinceMs, atMs) ? 'baseline' : 'recent';
  const counted = [{ requestId, where } as const, ...state.counted].slice(0, MAX_COUNTED);
  const failures = how === 'load-failed' || hasFailed(done) ? 1 : 0;
  const harm: HarmCounts = { ...NO_HARM, completions: 1, failures };
  const next = { ...state, sent, sinceMs, counted };
  return where === 'baseline'
    ? { ...next, baseline: plus(state.baseline, harm) }
    : { ...next, [where]: added(state[where], harm) };
}

/** Once something is recent, a clock that goes back does not make it the first hour again. */
function isFirstHour({ recent, baseline }: SafeguardState, sinceMs: number, atMs: number): boolean {
  return recent.length === 0 && (atMs - sinceMs < HOUR_MS || baseline.completions < MIN_REFERENCE);
}

/**
 * The server failed at it. Not: what it refused (4xx), being busy (503), or not being there at all (status 0),
 * in which no window has a part.
 */
function hasFailed({ status, taints }: RequestCompletedV1): boolean {
  if (!taints.includes('failed')) return false;
  return status === 200 || (status >= 500 && status !== 503);
}

/** Told after the request's completion. */
function foldHarm(state: SafeguardState, requestId: string, harm: Harm): SafeguardState {
  const one = { ...NO_HARM, [harm]: 1 };
  const where = whereCounted(state, requestId);
  if (where === null) return state;
  return where === 'baseline'
    ? { ...state, baseline: plus(state.baseline, one) }
    : { ...state, [where]: inLast(state[where], one) };
}

function whereCounted({ counted }: SafeguardState, requestId: string): Counted['where'] | null {
  return counted.find((one) => one.requestId === requestId)?.where ?? null;
}

function added(blocks: readonly HarmCounts[], harm: HarmCounts): readonly HarmCounts[] {
  const isFull = (blocks.at(-1)?.completions ?? BLOCK) >= BLOCK;
  return isFull ? [...blocks, harm].slice(-BLOCKS) : inLast(blocks, harm);
}

function inLast(blocks: readonly HarmCounts[], harm: HarmCounts): readonly HarmCounts[] {
  const last = blocks.at(-1);
  return last === undefined ? blocks : [...blocks.slice(0, -1), plus(last, harm)];
}
