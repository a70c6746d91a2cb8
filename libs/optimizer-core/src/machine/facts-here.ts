import type { ModelFacts } from '../runner.js';
import { loadLimit } from './load-limit.js';
import type { FailedLoad, SeenSize } from './machine-state.js';

/** How the server keeps its cache: `OLLAMA_KV_CACHE_TYPE`. */
export type KvCacheType = 'f16' | 'q8_0' | 'q4_0';

/** Size of an entry over that of f16, scales included (ollama.md section 4). */
const OVER_F16: Readonly<Record<KvCacheType, number>> = { f16: 1, q8_0: 1.0625 / 2, q4_0: 0.5625 / 2 };

/** How the server was started, as far as it was configured here. */
export interface ServerSetup {
  readonly kvCacheType: KvCacheType;
  /** Slots of a runner, each with a cache of its own: `OLLAMA_NUM_PARALLEL`. */
  readonly parallel: number;
}

/** Windows must differ by this factor before their sizes tell what a token costs. */
const SPREAD = 1.25;

/**
 * What is known of a model's file, put right by how this server keeps it: the cache's type and slots, the
 * layers that slide, what was seen of its size, and windows that failed to load. What was seen
 * goes before what was configured: it holds the buffers that grow with the window, too.
 */
export function factsHere(
  facts: ModelFacts,
  sizes: readonly SeenSize[],
  failures: readonly FailedLoad[],
  { kvCacheType, parallel }: ServerSetup,
  nowMs: number,
): ModelFacts {
  const scale = OVER_F16[kvCacheType] * parallel;
  const reckoned = facts.kvBytesPerToken === null ? null : facts.kvBytesPerToken * scale;
  const fixed = (facts.kvFixedBytes ?? 0) * scale;
  const limit = loadLimit(failures, nowMs);
  return {
    ...facts,
    kvBytesPerToken: bytesPerToken(sizes) ?? reckoned,
    weightsBytes: facts.weightsBytes === null ? null : facts.weightsBytes + fixed,
    kvFixedBytes: fixed,
    trainedContext: limit === null ? facts.trainedContext : Math.min(limit, facts.trainedContext ?? Infinity),
    loadLimit: limit,
  };
}

/** The slope of a line through the sizes seen, bytes per token of window; null while their windows are too alike. */
export function bytesPerToken(sizes: readonly SeenSize[]): number | null {
  const first = sizes[0];
  const last = sizes.at(-1);
  if (first === undefined || last === undefined || last.window < first.window * SPREAD) return null;
  const n = sizes.length;
  const x = sizes.reduce((sum, { window }) => sum + window, 0) / n;
  const y = sizes.reduce((sum, { bytes }) => sum + bytes, 0) / n;
  const spread = sizes.reduce((sum, { window }) => sum + (window - x) ** 2, 0);
  const together = sizes.reduce((sum, { window, bytes }) => sum + (window - x) * (bytes - y), 0);
  return together > 0 ? together / spread : null;
}
