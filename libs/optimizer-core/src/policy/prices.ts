import type { ModelFacts } from '../runner.js';
import type { SizingBeliefs } from './beliefs.js';
import type { HardwareKnowledge } from './hardware.js';

const GIB = 2 ** 30;
const HOUR = 3600;

/** What things cost on one machine, in seconds. */
export interface Prices {
  readonly load: (window: number) => number;
  /** Factor by which work in this window is slower than where all lies on the GPU: 1 or more. */
  readonly slowdown: (window: number) => number;
  /** Of one token. */
  readonly prefill: number;
  readonly decode: number;
  /** Of the cache's memory, per second held. */
  readonly hold: (window: number) => number;
}

/** Seconds per GiB of cache, and the GiB² of evidence that this belief is worth. */
const CACHE_SECONDS = 0.2;
const CACHE_EVIDENCE = 1;
/** Answers that the belief about the CPU is worth. */
const CPU_EVIDENCE = 0.5;
/** A model of some 8 billion parameters with grouped attention, where `/api/show` says nothing. */
const KV_BYTES = 128 * 1024;
const WEIGHTS_BYTES = 5 * GIB;
const OVERHEAD_BYTES = 0.6 * GIB;

/**
 * `memoryWindow`: the largest window that a configured budget holds, null: none configured.
 * `memoryPrice`: seconds that a GiB held for an hour is worth.
 */
export function pricesOf(
  known: HardwareKnowledge,
  facts: ModelFacts | null,
  memoryWindow: number | null,
  memoryPrice: number,
  beliefs: SizingBeliefs,
): Prices {
  const perToken = facts?.kvBytesPerToken ?? KV_BYTES;
  const weights = facts?.weightsBytes ?? WEIGHTS_BYTES;
  const { base, slope } = loadLine(known, weights, perToken, beliefs);
  const { samples, mean } = known.cpuFactor;
  const factor = (samples * mean + CPU_EVIDENCE * beliefs.cpuFactor) / (samples + CPU_EVIDENCE);
  const share = cpuShare(known, weights, perToken, memoryWindow);
  return {
    load: (window) => base + slope * window,
    slowdown: (window) => 1 + share(window) * (factor - 1),
    prefill: known.prefill.samples > 0 ? known.prefill.mean : beliefs.prefillSeconds,
    decode: known.decode.samples > 0 ? known.decode.mean : beliefs.decodeSeconds,
    hold: (window) => (memoryPrice / HOUR) * (perToken / GIB) * window,
  };
}

/** Share of a runner's bytes that lies on the CPU, by window. What was seen counts as far as there is memory for it now. */
function cpuShare(
  { whole, spilling }: HardwareKnowledge,
  weights: number,
  perToken: number,
  memoryWindow: number | null,
): (window: number) => number {
  const seen = spilling ?? whole;
  const fixed = seen === null ? weights + OVERHEAD_BYTES : Math.max(0, seen.sizeBytes - seen.window * perToken);
  const budget = memoryWindow === null ? Infinity : fixed + memoryWindow * perToken;
  const room = Math.min(budget, spilling?.vramBytes ?? Infinity);
  return (window) => Math.max(0, fixed + window * perToken - room) / (fixed + window * perToken);
}

/** A line through the loads seen. Its slope needs windows that differ: until then the belief stands. */
function loadLine(
  { loads }: HardwareKnowledge,
  weights: number,
  perToken: number,
  { startSeconds, gibPerSecond }: SizingBeliefs,
): { base: number; slope: number } {
  const believed = (CACHE_SECONDS * perToken) / GIB;
  if (loads.n === 0) return { base: startSeconds + weights / GIB / gibPerSecond, slope: believed };
  const evidence = CACHE_EVIDENCE * (GIB / perToken) ** 2;
  const x = loads.x / loads.n;
  const y = loads.y / loads.n;
  const spread = Math.max(0, loads.xx - loads.n * x * x);
  const together = loads.xy - loads.n * x * y;
  const slope = Math.max(0, (together + evidence * believed) / (spread + evidence));
  return { base: Math.max(0.1, y - slope * x), slope };
}
