import { digestOf } from './stable-hash.js';

export type Capability = 'completion' | 'embedding' | 'tools' | 'thinking' | 'vision' | 'insert';

/**
 * Who turns messages into a prompt. `gguf`: the runner does, with the template inside the model file,
 * and refuses one message that is too long. `ollama`: the server does, and cuts it.
 */
export type Rendering = 'gguf' | 'ollama';

/** Everything about a model that decides what it loads, holds and costs. */
export interface ModelCard {
  /** `model:tag`. */
  readonly name: string;
  /** Digest of the manifest, 64 hexadecimal digits: two aliases of one file differ here. */
  readonly digest: string;
  /** Digest of the model file, 64 hexadecimal digits: one runner serves one file. */
  readonly blob: string;
  readonly parentModel: string;
  readonly architecture: string;
  readonly families: readonly string[];
  readonly parameterSize: string;
  readonly parameterCount: number;
  readonly quantization: string;
  readonly capabilities: readonly Capability[];
  readonly rendering: Rendering;
  /** Trained context: every window is clamped to it, tokens. */
  readonly trainedContext: number;
  readonly blockCount: number;
  readonly embeddingLength: number;
  readonly headCount: number;
  readonly kvHeads: number;
  readonly keyLength: number;
  readonly valueLength: number;
  /** Layers with a sliding window hold no more than this many tokens; null: none has one. */
  readonly slidingWindow: number | null;
  readonly vocabulary: number;
  /** The tokenizer puts a BOS token before every prompt. */
  readonly addsBos: boolean;
  /** The cache can drop its oldest half when a window fills up. */
  readonly shiftable: boolean;
  /** May serve several requests at once. */
  readonly parallel: boolean;
  readonly weightsBytes: number;
  /** The Modelfile's `PARAMETER` lines. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly template: string;
  readonly system: string;
  readonly license: string;
  /** Set when its requests run elsewhere. */
  readonly remote: { readonly host: string; readonly model: string } | null;
  /** Milliseconds since the epoch. */
  readonly modifiedAtMs: number;
}

export type KvType = 'f16' | 'q8_0' | 'q4_0';

/** Bytes an element of the KV cache takes, blocks' scales included. */
const KV_BYTES: Readonly<Record<KvType, number>> = { f16: 2, q8_0: 1.0625, q4_0: 0.5625 };

/**
 * KV cache bytes for a window of `tokens`: layers x kv_heads x (key_length + value_length) x bytes,
 * layers with a sliding window capped by it (every other layer has one, as in Gemma).
 */
export function kvCacheBytes(model: ModelCard, tokens: number, type: KvType = 'f16'): number {
  const perLayer = model.kvHeads * (model.keyLength + model.valueLength) * KV_BYTES[type];
  if (model.slidingWindow === null) return model.blockCount * perLayer * tokens;
  const sliding = Math.floor(model.blockCount / 2);
  return perLayer * ((model.blockCount - sliding) * tokens + sliding * Math.min(tokens, model.slidingWindow));
}

/** KV cache bytes per token of window at f16, sliding windows aside. */
export function kvBytesPerToken(model: ModelCard): number {
  return model.blockCount * model.kvHeads * (model.keyLength + model.valueLength) * KV_BYTES.f16;
}

export function hasCapability(model: ModelCard, capability: Capability): boolean {
  return model.capabilities.includes(capability);
}

export function isRemote(model: ModelCard): boolean {
  return model.remote !== null;
}

/** Models that embed and complete nothing always run alone in their runner. */
export function isEmbeddingModel(model: ModelCard): boolean {
  return hasCapability(model, 'embedding') && !hasCapability(model, 'completion');
}

/** The same file under another name with its own parameters: it shares the file's runner. */
export function aliasOf(
  model: ModelCard,
  name: string,
  changes: {
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly system?: string;
    readonly template?: string;
    readonly license?: string;
  },
  modifiedAtMs: number,
): ModelCard {
  const merged = {
    ...model,
    name,
    parentModel: model.name,
    parameters: { ...model.parameters, ...changes.parameters },
    system: changes.system ?? model.system,
    template: changes.template ?? model.template,
    license: changes.license ?? model.license,
    modifiedAtMs,
  };
  const same = JSON.stringify([merged.parameters, merged.system, merged.template, merged.license]);
  return { ...merged, digest: digestOf(`${model.blob} ${same}`) };
}
