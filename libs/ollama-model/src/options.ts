import { hasCapability, isEmbeddingModel, type ModelCard } from './models.js';
import type { VersionRules } from './server-version.js';

/** What a runner is started with: a request that differs in any of these reloads it. */
export interface RunnerOptions {
  /** As asked for, clamped; the runner itself rounds up to a multiple of 256. Tokens. */
  readonly numCtx: number;
  /** The window is the server's automatic choice, not anybody's wish. */
  readonly numCtxAuto: boolean;
  readonly numBatch: number;
  readonly numBatchAuto: boolean;
  /** Layers on the GPU; negative: the server chooses. */
  readonly numGpu: number;
  readonly mainGpu: number | null;
  readonly useMmap: boolean | null;
  readonly numThread: number;
  readonly draftNumPredict: number;
  readonly shift: boolean;
}

/** What a request may choose freely, as far as it changes counts. */
export interface RequestOptions {
  /** Tokens; -1: no limit. */
  readonly numPredict: number;
  readonly numKeep: number;
  readonly stop: readonly string[];
  readonly seed: number;
}

export interface ResolvedOptions {
  readonly runner: RunnerOptions;
  readonly request: RequestOptions;
}

export type OptionsResult =
  | { readonly ok: true; readonly options: ResolvedOptions }
  | { readonly ok: false; readonly status: 400 | 500; readonly message: string };

/** What the server itself was started with. */
export interface ServerDefaults {
  /** Window when nobody names one, tokens. */
  readonly numCtx: number;
  /** It comes from `OLLAMA_CONTEXT_LENGTH`, and so counts as asked for. */
  readonly numCtxExplicit: boolean;
  readonly rules: VersionRules;
}

type OptionKind = 'integer' | 'boolean' | 'float32' | 'array';

const KINDS: Readonly<Record<string, OptionKind>> = {
  num_ctx: 'integer',
  num_batch: 'integer',
  num_gpu: 'integer',
  main_gpu: 'integer',
  use_mmap: 'boolean',
  num_thread: 'integer',
  draft_num_predict: 'integer',
  num_keep: 'integer',
  seed: 'integer',
  num_predict: 'integer',
  top_k: 'integer',
  repeat_last_n: 'integer',
  top_p: 'float32',
  min_p: 'float32',
  typical_p: 'float32',
  temperature: 'float32',
  repeat_penalty: 'float32',
  presence_penalty: 'float32',
  frequency_penalty: 'float32',
  stop: 'array',
};

const SMALLEST_WINDOW = 4;
const SMALLEST_VISION_WINDOW = 2048;
const DEFAULT_BATCH = 512;
const DEFAULT_EMBEDDING_BATCH = 2048;

/** Why a value does not fit its option, in the server's words; null when it does. Unknown options fit. */
function misfit(name: string, value: unknown): string | null {
  const kind = KINDS[name];
  if (kind === undefined || value === null) return null;
  switch (kind) {
    case 'integer':
    case 'float32':
      return typeof value === 'number' ? null : `option "${name}" must be of type ${kind}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : `option "${name}" must be of type boolean`;
    case 'array':
      if (!Array.isArray(value)) return `option "${name}" must be of type array`;
      return value.every((item) => typeof item === 'string') ? null : `option "${name}" must be of an array of strings`;
  }
}

/** Reads one option out of the request, else out of the Modelfile, else takes the default; null means absent. */
function chosen<T>(name: string, fallback: T, ...sources: readonly Readonly<Record<string, unknown>>[]): T {
  for (const source of sources) {
    const value = source[name];
    if (value === undefined || value === null) continue;
    return (typeof value === 'number' && KINDS[name] === 'integer' ? Math.trunc(value) : value) as T;
  }
  return fallback;
}

/** `null` counts as naming the option, though it leaves the default. */
function named(name: string, ...sources: readonly Readonly<Record<string, unknown>>[]): boolean {
  return sources.some((source) => Object.hasOwn(source, name));
}

function windowOf(model: ModelCard, asked: number): number {
  const floored = Math.max(SMALLEST_WINDOW, asked);
  const seeing = hasCapability(model, 'vision') ? Math.max(floored, SMALLEST_VISION_WINDOW) : floored;
  return Math.min(seeing, model.trainedContext);
}

/**
 * The options a request runs with: its own, else the Modelfile's, else the server's. `shift` is the
 * request's field, null when absent. Values of a wrong type are refused and nothing is loaded.
 */
export function resolveOptions(
  model: ModelCard,
  raw: Readonly<Record<string, unknown>>,
  shift: boolean | null,
  server: ServerDefaults,
): OptionsResult {
  if (raw.typical_p !== undefined && raw.typical_p !== null) {
    return { ok: false, status: 400, message: 'typical_p is no longer supported' };
  }
  for (const source of [model.parameters, raw]) {
    for (const [name, value] of Object.entries(source)) {
      const message = misfit(name, value);
      if (message !== null) return { ok: false, status: 500, message };
    }
  }
  const sources = [raw, model.parameters] as const;
  const numCtx = windowOf(model, chosen('num_ctx', server.numCtx, ...sources));
  const auto = server.rules.automaticOptions;
  const embedding = isEmbeddingModel(model);
  const runner: RunnerOptions = {
    numCtx,
    numCtxAuto: auto && !server.numCtxExplicit && !named('num_ctx', ...sources),
    numBatch: chosen(
      'num_batch',
      embedding && auto ? Math.min(DEFAULT_EMBEDDING_BATCH, numCtx) : DEFAULT_BATCH,
      ...sources,
    ),
    numBatchAuto: auto && !embedding && !named('num_batch', ...sources),
    numGpu: chosen('num_gpu', -1, ...sources),
    mainGpu: chosen<number | null>('main_gpu', null, ...sources),
    useMmap: chosen<boolean | null>('use_mmap', null, ...sources),
    numThread: chosen('num_thread', 0, ...sources),
    draftNumPredict: chosen('draft_num_predict', 0, ...sources),
    shift: shift ?? model.shiftable,
  };
  const request: RequestOptions = {
    numPredict: chosen('num_predict', -1, ...sources),
    numKeep: chosen('num_keep', 4, ...sources),
    stop: chosen<readonly string[]>('stop', [], ...sources),
    seed: chosen('seed', -1, ...sources),
  };
  return { ok: true, options: { runner, request } };
}

/** `num_batch` that the server picks at launch for a window that all slots share, memory permitting. */
export function automaticBatch(totalContext: number): number {
  if (totalContext > 32768) return 2048;
  return totalContext > 4096 ? 1024 : DEFAULT_BATCH;
}

/**
 * Whether a request cannot run on the loaded runner. There is no "fits inside": any difference kills
 * the runner, except between automatic values, and between two ways to let the server place layers.
 */
export function needsReload(loaded: RunnerOptions, asked: RunnerOptions): boolean {
  const sameWindow = loaded.numCtx === asked.numCtx || (loaded.numCtxAuto && asked.numCtxAuto);
  const sameBatch = loaded.numBatch === asked.numBatch || (loaded.numBatchAuto && asked.numBatchAuto);
  const samePlacement = asked.numGpu < 0 || loaded.numGpu === asked.numGpu;
  return !(
    sameWindow &&
    sameBatch &&
    samePlacement &&
    loaded.mainGpu === asked.mainGpu &&
    loaded.useMmap === asked.useMmap &&
    loaded.numThread === asked.numThread &&
    loaded.draftNumPredict === asked.draftNumPredict &&
    loaded.shift === asked.shift
  );
}

/** The window that the runner's cache really has: the value asked for, rounded up to a multiple of 256. */
export function runnerContext(numCtx: number): number {
  return Math.ceil(numCtx / 256) * 256;
}

/**
 * Answers never run forever: -1, or more than ten windows, means ten windows. Zero never reaches a runner
 * that the server renders for, and so means no limit there; a runner that renders chats itself gets it
 * and says one token (both seen on a server).
 */
export function boundedNumPredict(numPredict: number, numCtx: number, zeroMeans: 'no limit' | 'one token'): number {
  if (numPredict === 0 && zeroMeans === 'one token') return 1;
  const limit = 10 * numCtx;
  return numPredict <= 0 || numPredict > limit ? limit : numPredict;
}
