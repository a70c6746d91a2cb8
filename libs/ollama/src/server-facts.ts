import type { ModelFacts } from '@rightsize/optimizer-core';
import { finite, isObject, list, positiveInteger, text } from './json-field.js';
import { kvCacheOf } from './kv-cache.js';
import { isCloudName } from './model-name.js';

/** One line of `/api/ps`. */
export interface LoadedModel {
  /** As the server spells it: shortest form with tag. */
  readonly name: string;
  /** Two entries of one name can differ in it, after the name was made anew. */
  readonly digest: string;
  /** Window per slot as launched, tokens: what Ollama compares requests with. Null before servers showed it. */
  readonly contextLength: number | null;
  /** Bytes in memory, and those of them on GPUs. */
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number | null;
}

/** Reads the parsed JSON of `GET /api/ps`. Entries without a name are dropped; never throws. */
export function parsePs(json: unknown): readonly LoadedModel[] {
  if (!isObject(json)) return [];
  return list(json['models'])
    .filter(isObject)
    .map((entry) => ({
      name: text(entry['name']) || text(entry['model']),
      digest: text(entry['digest']),
      contextLength: positiveInteger(entry['context_length']),
      sizeBytes: finite(entry['size']),
      sizeVramBytes: finite(entry['size_vram']),
      expiresAtMs: finite(Date.parse(text(entry['expires_at']))),
    }))
    .filter((entry) => entry.name !== '');
}

/** One line of `/api/tags`: a model on disk. */
export interface StoredModel {
  readonly name: string;
  readonly digest: string;
  /** Bytes of its files, nearly all of them weights. */
  readonly sizeBytes: number | null;
}

/** Reads the parsed JSON of `GET /api/tags`. Entries without a name are dropped; never throws. */
export function parseTags(json: unknown): readonly StoredModel[] {
  if (!isObject(json)) return [];
  return list(json['models'])
    .filter(isObject)
    .map((entry) => ({
      name: text(entry['name']) || text(entry['model']),
      digest: text(entry['digest']),
      sizeBytes: finite(entry['size']),
    }))
    .filter((entry) => entry.name !== '');
}

/** Reads the parsed JSON of `POST /api/show` about `model`. Null when it is no object; never throws. */
export function parseShow(model: string, json: unknown): ModelFacts | null {
  if (!isObject(json)) return null;
  const info = isObject(json['model_info']) ? json['model_info'] : {};
  const arch = text(info['general.architecture']);
  const cache = kvCacheOf(info);
  return {
    model,
    trainedContext: positiveInteger(info[`${arch}.context_length`]),
    kvBytesPerToken: cache?.perToken ?? null,
    ...(cache === null || cache.fixed === 0 ? {} : { kvFixedBytes: cache.fixed }),
    weightsBytes: null,
    modelfileNumCtx: modelfileNumCtx(text(json['parameters'])),
    remote: text(json['remote_host']) !== '' || isCloudName(model),
    capabilities: list(json['capabilities']).filter((entry) => typeof entry === 'string'),
    blob: blobOf(text(json['modelfile'])),
    takesNoOptions: isObject(json['details']) && json['details']['format'] === 'safetensors',
  };
}

/** The Modelfile names the file by its digest: `FROM /root/.ollama/models/blobs/sha256-…`. */
function blobOf(modelfile: string): string | null {
  return /^FROM\s.*sha256[-:]([0-9a-f]{64})/m.exec(modelfile)?.[1] ?? null;
}

/** The parameters come as text, one a line: `num_ctx                        8192`. */
function modelfileNumCtx(parameters: string): number | null {
  const found = /^num_ctx\s+(\d+)\s*$/m.exec(parameters);
  return found ? positiveInteger(Number(found[1])) : null;
}

/** Major, minor, patch. */
export type ServerVersion = readonly [number, number, number];

/** Reads the parsed JSON of `GET /api/version`; null when it holds no version (development builds say 0.0.0). */
export function parseVersion(json: unknown): ServerVersion | null {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(isObject(json) ? text(json['version']) : '');
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : null;
}

export function isAtLeast(version: ServerVersion, wanted: ServerVersion): boolean {
  for (let part = 0; part < wanted.length; part++) {
    const difference = version[part]! - wanted[part]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
