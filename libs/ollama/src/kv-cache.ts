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

/**
 * Bytes of KV cache per token of window at f16: over the attention layers that see the whole window,
 * kv_heads x (key_length + value_length) x 2. Layers with a sliding window stop growing once it is
 * full and are left out. `info` is `model_info` of `/api/show`. Null when it does not say enough.
 */
export function kvBytesPerToken(info: JsonObject): number | null {
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
  const sliding = slidingLayers(read, arch, layers);
  const perLayer = kvHeads.reduce((sum, count, layer) => (sliding(layer) ? sum : sum + count), 0);
  return perLayer * (key + value) * F16_BYTES;
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
