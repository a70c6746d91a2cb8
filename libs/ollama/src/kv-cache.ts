import { finite, type JsonObject } from './json-field.js';

/** Bytes of one f16 cache entry. */
const F16_BYTES = 2;

/**
 * Of how many layers one sees the whole window, the others sliding over a part of it, by
 * architecture as llama.cpp names them: for servers whose `/api/show` gives the per-layer arrays as
 * null.
 */
const FULL_LAYER_EVERY: Readonly<Record<string, number>> = {
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  gptoss: 2,
  'gpt-oss': 2,
  cohere2: 4,
};

/** A cache at f16 and for one slot. Bytes. */
export interface KvCache {
  /** For each token of window, over the layers that see all of it. */
  readonly perToken: number;
  /** Of layers that slide over a part of the window, once that part is full. */
  readonly fixed: number;
}

/**
 * Over the attention layers, kv_heads x (key_length + value_length) x 2 for each token that they see.
 * `info` is `model_info` of `/api/show`. Null when it does not say enough.
 */
export function kvCacheOf(info: JsonObject): KvCache | null {
  const arch = info['general.architecture'];
  if (typeof arch !== 'string') return null;
  const read = (key: string): unknown => info[`${arch}.${key}`];
  const layers = finite(read('block_count'));
  const heads = finite(read('attention.head_count'));
  const embedding = finite(read('embedding_length'));
  const headSize = heads && embedding ? embedding / heads : null;
  const key = finite(read('attention.key_length')) ?? headSize;
  const value = finite(read('attention.value_length')) ?? headSize;
  const kvHeads = headsPerLayer(read('attention.head_count_kv'), heads, layers);
  if (!layers || key === null || value === null || !kvHeads) return null;
  const slides = slidingLayers(read, arch, layers);
  const headsOf = (sliding: boolean): number =>
    kvHeads.reduce((sum, count, layer) => (slides(layer) === sliding ? sum + count : sum), 0);
  const perHead = (key + value) * F16_BYTES;
  const part = finite(read('attention.sliding_window')) ?? 0;
  return { perToken: headsOf(false) * perHead, fixed: headsOf(true) * perHead * part };
}

/** Bytes of cache per token of window: see {@link kvCacheOf}. */
export function kvBytesPerToken(info: JsonObject): number | null {
  return kvCacheOf(info)?.perToken ?? null;
}

/** A number for all layers, or an array with zeros for layers without attention. */
function headsPerLayer(value: unknown, heads: number | null, layers: number | null): readonly number[] | null {
  if (Array.isArray(value)) return value.map((count) => finite(count) ?? 0);
  const count = value === undefined ? heads : finite(value);
  return count === null || !layers ? null : Array.from({ length: layers }, () => count);
}

function slidingLayers(read: (key: string) => unknown, arch: string, layers: number): (layer: number) => boolean {
  if (!finite(read('attention.sliding_window'))) return () => false;
  const pattern = read('attention.sliding_window_pattern');
  if (Array.isArray(pattern) && pattern.length >= layers) return (layer) => Boolean(pattern[layer]);
  const every = finite(pattern) ?? FULL_LAYER_EVERY[arch] ?? 1;
  return (layer) => every > 1 && (layer + 1) % every !== 0;
}
