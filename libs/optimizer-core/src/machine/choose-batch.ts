import type { BatchDecision, PricedBatch } from './batch-decision.js';
import { armOf, BATCHES, type BatchKnowledge } from './batch-knowledge.js';

export interface BatchQuestion {
  readonly batches: BatchKnowledge;
  /** Seconds that a GiB held for an hour is worth, as in the policy. */
  readonly memoryPrice: number;
  /** Seconds that pass while one prompt token is read that was not cached: memory is held meanwhile. */
  readonly secondsPerToken: number;
  /** Tokens of the largest batch that the memory has room for; null: no limit known. */
  readonly largest: number | null;
}

/** The server's own choice must be known this well before another is tried, answers. */
const KNOWN = 8;
/** Runners that may be started with a size that does not win. */
const TRIALS = 3;
/** A size must be cheaper than the server's own by this share. */
const MARGIN = 0.05;
/** What is believed of a size not tried yet: as quick as the server's own, give or take (of a log). */
const PRIOR_SPREAD = 0.15;
const PRIOR_WEIGHT = 1;
/** Bytes of buffers for each token of a batch: what Ollama itself reckons with, 768 MiB at 1,024 and 2 GiB at 2,048. */
const BUFFER_BYTES = 2 ** 20;
const HOUR_GIB = 3600 * 2 ** 30;

/** Numbers in [0, 1) that {@link chooseBatch} wants: one for the server's choice and one for each size. */
export const BATCH_DICE = BATCHES.length + 1;

/**
 * Which batch a runner that is started anyway should have. Thompson sampling: a cost is drawn for each size
 * from what is believed of it, and the cheapest wins if it beats the server's own by a margin. Bounded:
 * only after the server's own is known, no size that ever failed to load, none over its trials
 * that is not truly better.
 */
export function chooseBatch(question: BatchQuestion, dice: readonly number[]): BatchDecision {
  const { batches, largest } = question;
  const own = armOf(batches, null);
  if (own.rate.samples < KNOWN) return SERVERS;
  const open = BATCHES.filter((size) => armOf(batches, size).failures === 0 && (largest === null || size <= largest));
  const candidates = [null, ...open].map((value, at) => ({
    value,
    seconds: drawn(question, value, dice[at] ?? 0.5),
  }));
  const used = dice.slice(0, candidates.length);
  const [servers, ...others] = candidates as [PricedBatch, ...PricedBatch[]];
  const best = others.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (best === undefined || best.seconds >= servers.seconds * (1 - MARGIN)) {
    return { value: null, why: 'server', candidates, dice: used };
  }
  const better = expected(question, best.value) < expected(question, null) * (1 - MARGIN);
  const arm = armOf(batches, best.value);
  if (arm.loads >= TRIALS && !better) return { value: null, why: 'server', candidates, dice: used };
  const why = better && arm.rate.samples >= KNOWN ? 'better' : 'tried';
  return { value: best.value, why, candidates, dice: used };
}

const SERVERS: BatchDecision = Object.freeze({ value: null, why: 'server', candidates: [], dice: [] });

/** For a request that loads nothing: what the runner has. */
export function keptBatch(value: number | null): BatchDecision {
  return value === null ? KEPT : { value, why: 'kept', candidates: [], dice: [] };
}

const KEPT: BatchDecision = Object.freeze({ value: null, why: 'kept', candidates: [], dice: [] });

function drawn(question: BatchQuestion, value: number | null, uniform: number): number {
  const { mean, deviation } = belief(question, value);
  return Math.exp(mean + deviation * normal(uniform)) + memorySeconds(question, value);
}

function expected(question: BatchQuestion, value: number | null): number {
  return Math.exp(belief(question, value).mean) + memorySeconds(question, value);
}

function belief({ batches }: BatchQuestion, value: number | null): { mean: number; deviation: number } {
  const prior = armOf(batches, null).rate;
  const { samples, mean, variance } = armOf(batches, value).rate;
  const weight = samples + PRIOR_WEIGHT;
  const spread = (samples * variance + PRIOR_WEIGHT * PRIOR_SPREAD ** 2) / weight;
  return { mean: (samples * mean + PRIOR_WEIGHT * prior.mean) / weight, deviation: Math.sqrt(spread / weight) };
}

/** The server's own choice is taken to have the buffers of 512, which it takes for small windows. */
function memorySeconds({ memoryPrice, secondsPerToken }: BatchQuestion, value: number | null): number {
  return ((value ?? 512) * BUFFER_BYTES * memoryPrice * secondsPerToken) / HOUR_GIB;
}

/** A standard normal number of a uniform one (Abramowitz and Stegun 26.2.23, good to .0005), its far tails cut off. */
function normal(uniform: number): number {
  const u = Math.min(0.999, Math.max(0.001, uniform));
  const t = Math.sqrt(-2 * Math.log(Math.min(u, 1 - u)));
  const z =
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
  return u < 0.5 ? -z : z;
}
