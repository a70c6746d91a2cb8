import {
  solve,
  type MachineSeen,
  type ModelFacts,
  type PolicyParameters,
  type RecordedRequest,
} from '@rightsize/optimizer-core';
import { GIB, type Hardware } from '../hardware.js';
import type { Knowledge } from './knowledge.js';

/** A model of some 8 billion parameters with grouped attention, where nothing was seen. */
const KV_BYTES = 128 * 1024;
const WEIGHTS_BYTES = 5 * GIB;
const OVERHEAD_BYTES = 0.6 * GIB;
const UNKNOWN_CONTEXT = 131_072;
/** What never was seen full is taken to have room for everything. */
const NEVER_FULL_BYTES = 2 ** 50;
/** The server's own, where no runner's expiry was seen: window in tokens, seconds. */
const DEFAULT_CONTEXT = 4096;
const KEEP_ALIVE_SECONDS = 300;
/** Answers after which a model's tokens per text are believed. */
const COUNTED = 30;
/** `keep_alive: -1` shows an expiry centuries ahead. */
const FOREVER_SECONDS = 1e8;

/** One model's machine as the log shows it: where it says nothing, the policy's belief stands. */
export interface LearntMachine {
  readonly hardware: Hardware;
  readonly facts: ModelFacts;
  readonly seen: MachineSeen;
}

/**
 * The constants of cost out of a log: load times by window, rates, sizes of runners in `/api/ps`, when
 * they expire. `known`: folded from the same log.
 */
export function learntMachine(
  model: string,
  requests: readonly RecordedRequest[],
  known: Knowledge,
  policy: PolicyParameters,
): LearntMachine {
  const { whole, spilling, loads, cpuFactor, prefill, decode } = known.sizing.hardware;
  const { completions, prompts } = known.model;
  const sizes = runnerSizes(requests);
  const perToken = sizes?.perToken ?? KV_BYTES;
  const fixed = sizes?.fixed ?? WEIGHTS_BYTES + OVERHEAD_BYTES;
  const weightsBytes = Math.max(1, fixed - Math.min(OVERHEAD_BYTES, fixed / 10));
  const facts: ModelFacts = {
    model,
    trainedContext: trainedContextOf(requests),
    kvBytesPerToken: perToken,
    weightsBytes,
    modelfileNumCtx: null,
    remote: false,
    capabilities: [],
  };
  // What the policy would price with is what the log has told of the machine.
  const { prices } = solve(known.sizing, 0, facts, policy, null, null);
  const withoutGpu = whole !== null && whole.vramBytes === 0 && spilling === null;
  const base = prices.load(0);
  const hardware: Hardware = {
    vramBytes: spilling?.vramBytes ?? NEVER_FULL_BYTES,
    ramBytes: NEVER_FULL_BYTES,
    weightsBytes,
    overheadBytes: Math.max(0, fixed - weightsBytes),
    kvBytesPerToken: perToken,
    loadSeconds: base,
    loadSecondsPerKvGib: ((prices.load(1) - base) * GIB) / perToken,
    prefillRate: 1 / prices.prefill,
    decodeRate: 1 / prices.decode,
    cpuSlowdown: withoutGpu ? 1 : cpuFactor.samples > 0 ? cpuFactor.mean : 10,
    maxContext: facts.trainedContext ?? UNKNOWN_CONTEXT,
    defaultContext: DEFAULT_CONTEXT,
    keepAliveSeconds: keepAliveOf(requests),
    memoryPrice: policy.memoryPrice,
  };
  const seen = {
    loads: Math.round(loads.n),
    loadSeconds: base,
    weightsBytes,
    prefillSeconds: prefill.samples > 0 ? prefill.mean : null,
    decodeSeconds: decode.samples > 0 ? decode.mean : null,
    tokensPer: prompts === undefined || completions < COUNTED ? null : prompts.regression.weights,
  };
  return { hardware, facts, seen };
}

/** A line through the smallest and the largest runner that was seen. */
function runnerSizes(requests: readonly RecordedRequest[]): { perToken: number; fixed: number } | null {
  let small: { window: number; bytes: number } | null = null;
  let large: { window: number; bytes: number } | null = null;
  for (const { runner } of requests) {
    if (runner === null || runner.sizeBytes === null || runner.sizeBytes <= 0) continue;
    const one = { window: runner.window, bytes: runner.sizeBytes };
    if (small === null || one.window < small.window) small = one;
    if (large === null || one.window > large.window) large = one;
  }
  if (small === null || large === null) return null;
  const slope = large.window > small.window ? (large.bytes - small.bytes) / (large.window - small.window) : 0;
  const perToken = slope > 0 ? slope : Math.min(KV_BYTES, (0.5 * small.bytes) / small.window);
  return { perToken, fixed: Math.max(1, small.bytes - small.window * perToken) };
}

function trainedContextOf(requests: readonly RecordedRequest[]): number | null {
  return requests.findLast(({ trainedContext }) => trainedContext !== null)?.trainedContext ?? null;
}

/** The longest that a runner was seen to stay; expiries are shown right after a request at best. */
function keepAliveOf(requests: readonly RecordedRequest[]): number {
  const stays = requests.flatMap(({ runner, atMs }) =>
    runner?.expiresAtMs == null ? [] : [(runner.expiresAtMs - atMs) / 1e3],
  );
  const longest = Math.max(0, ...stays.filter((seconds) => seconds < FOREVER_SECONDS));
  if (longest > 0) return Math.ceil(longest / 10) * 10;
  return stays.length > 0 ? FOREVER_SECONDS : KEEP_ALIVE_SECONDS;
}
