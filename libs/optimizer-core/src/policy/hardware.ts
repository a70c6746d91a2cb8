import { EMPTY_MEAN, updateMean } from '../running-mean.js';
import type { RunnerView } from '../runner.js';
import type { RunningMean } from '../statistics.js';

const NS = 1e9;

/** What answers and `/api/ps` have told about the machine. Seconds, tokens, bytes. */
export interface HardwareKnowledge {
  /** Sums over loads of window (x, tokens) and seconds (y), old ones fading. */
  readonly loads: {
    readonly n: number;
    readonly x: number;
    readonly y: number;
    readonly xx: number;
    readonly xy: number;
  };
  /** Seconds per token where nothing spills. */
  readonly prefill: RunningMean;
  readonly decode: RunningMean;
  /** How much slower than the GPU what lies on the CPU runs, as a factor. */
  readonly cpuFactor: RunningMean;
  /** Largest runner seen whole (on the GPU, or without one), and what was last seen spilling. */
  readonly whole: SeenRunner | null;
  readonly spilling: SeenRunner | null;
}

export interface SeenRunner {
  readonly window: number;
  readonly sizeBytes: number;
  readonly vramBytes: number;
}

export const UNKNOWN_HARDWARE: HardwareKnowledge = Object.freeze({
  loads: Object.freeze({ n: 0, x: 0, y: 0, xx: 0, xy: 0 }),
  prefill: EMPTY_MEAN,
  decode: EMPTY_MEAN,
  cpuFactor: EMPTY_MEAN,
  whole: null,
  spilling: null,
});

/** Half of what is known of loads comes from the last seven. */
const LOADS_KEPT = 0.9;
/** Fewer tokens than this say more about overhead than about a rate. */
const RATE_TOKENS = 16;
/** A smaller share on the CPU says nothing about what the CPU costs. */
const SPILL_SHARE = 0.02;

/** One load of `window` took `loadNs`. */
export function learnLoad(known: HardwareKnowledge, window: number, loadNs: number): HardwareKnowledge {
  const seconds = loadNs / NS;
  if (!(seconds > 0) || !Number.isFinite(seconds) || !(window > 0)) return known;
  const { n, x, y, xx, xy } = known.loads;
  const loads = {
    n: n * LOADS_KEPT + 1,
    x: x * LOADS_KEPT + window,
    y: y * LOADS_KEPT + seconds,
    xx: xx * LOADS_KEPT + window * window,
    xy: xy * LOADS_KEPT + window * seconds,
  };
  return { ...known, loads };
}

/** What `/api/ps` shows of a runner: whole, or partly on the CPU. Without a GPU nothing can spill. */
export function learnMemory(known: HardwareKnowledge, runner: RunnerView | null): HardwareKnowledge {
  if (runner === null || runner.sizeBytes === null || runner.sizeVramBytes === null) return known;
  const { window, sizeBytes, sizeVramBytes: vramBytes } = runner;
  if (!(sizeBytes > 0)) return known;
  const seen = { window, sizeBytes, vramBytes };
  if (vramBytes > 0 && vramBytes < sizeBytes) {
    // Some servers without a GPU show a part on one whatever the window (a real 0.34.4 does): only what
    // was whole in another window can be said to spill.
    if (known.whole === null && known.spilling === null) return known;
    if (known.spilling?.window === window && known.spilling.vramBytes === vramBytes) return known;
    // Less fits than was believed: somebody else is on the GPU now.
    const whole = known.whole !== null && known.whole.window >= window ? null : known.whole;
    return { ...known, spilling: seen, whole };
  }
  if (known.whole !== null && known.whole.window >= window) return known;
  const spilling = known.spilling !== null && known.spilling.window <= window ? null : known.spilling;
  return { ...known, whole: seen, spilling };
}

export interface Timed {
  readonly window: number;
  /** Tokens that were not cached, null: the server did not say; and what they took. */
  readonly newTokens: number | null;
  readonly promptEvalNs: number | null;
  readonly outputTokens: number;
  readonly evalNs: number | null;
}

/** Rates of an answer: of the GPU where nothing spilled, else what the spilling cost. */
export function learnRates(known: HardwareKnowledge, timed: Timed): HardwareKnowledge {
  const prefill = secondsPer(timed.newTokens, timed.promptEvalNs);
  const decode = secondsPer(timed.outputTokens, timed.evalNs);
  const { whole, spilling } = known;
  if (spilling !== null && timed.window === spilling.window) {
    const share = 1 - spilling.vramBytes / spilling.sizeBytes;
    const slower = ratio(decode, known.decode) ?? ratio(prefill, known.prefill);
    if (slower === null || share < SPILL_SHARE) return known;
    return { ...known, cpuFactor: updateMean(known.cpuFactor, Math.max(1, 1 + (slower - 1) / share)) };
  }
  // Nothing is known yet of larger windows: their rates may be those of a spill.
  if (whole === null ? spilling !== null : timed.window > whole.window) return known;
  return {
    ...known,
    prefill: prefill === null ? known.prefill : updateMean(known.prefill, prefill),
    decode: decode === null ? known.decode : updateMean(known.decode, decode),
  };
}

function ratio(seconds: number | null, usual: RunningMean): number | null {
  return seconds === null || usual.samples === 0 || usual.mean <= 0 ? null : seconds / usual.mean;
}

function secondsPer(tokens: number | null, ns: number | null): number | null {
  if (tokens === null || tokens < RATE_TOKENS || ns === null || ns <= 0) return null;
  return ns / NS / tokens;
}
