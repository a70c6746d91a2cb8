import { isRecord, readLines } from './templates-corpus.js';

/** One machine and one model of a workload file. Seconds, GiB, tokens; names are the file's. */
export interface Hardware {
  readonly vram_gib: number;
  readonly weights_gib: number;
  readonly overhead_gib: number;
  readonly kv_kib_per_token: number;
  readonly load_s: number;
  readonly load_s_per_kv_gib: number;
  readonly prefill_tps: number;
  readonly decode_tps: number;
  readonly max_ctx: number;
  readonly default_ctx: number;
  readonly keep_alive_s: number;
  /** How much slower what lies on the CPU runs, as a factor. */
  readonly cpu_slowdown: number;
  /** Seconds that a GiB held for an hour is worth. */
  readonly memory_price_s: number;
}

/** What a proxy can see of a request before it is answered. */
export interface Arrival {
  readonly id: string;
  /** Seconds since the start. */
  readonly t: number;
  /** What an estimator says of the prompt, tokens. */
  readonly promptEstimate: number;
  readonly numCtx: number | null;
  readonly numPredict: number | null;
  readonly template: string | null;
  /** A proxy knows it by the opening messages that its turns share. */
  readonly conversation: string | null;
}

/** What the answer tells. */
export interface Outcome {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Tokens shared with the conversation's previous request; cached when nothing came between. */
  readonly cachedPrefix: number;
}

export interface Workload {
  readonly hardware: Hardware;
  readonly requests: readonly { readonly arrival: Arrival; readonly outcome: Outcome }[];
}

/** Reads a workload file. Throws an error that names the file and the line. */
export function readWorkload(file: string): Workload {
  const [head, ...lines] = readLines(file);
  const hardware = isRecord(head) ? head['hardware'] : undefined;
  if (!isRecord(hardware)) throw new Error(`${file}, line 1: no hardware`);
  return {
    hardware: parseHardware(hardware, file),
    requests: lines.map((line, index) => {
      if (!isRecord(line)) throw new Error(`${file}, line ${index + 2}: not an object`);
      return parseRequest(line, `${file}, line ${index + 2}`);
    }),
  };
}

function parseHardware(head: Record<string, unknown>, file: string): Hardware {
  const read = (key: string, otherwise?: number): number => number(head, key, `${file}, line 1`, otherwise);
  return {
    vram_gib: read('vram_gib'),
    weights_gib: read('weights_gib'),
    overhead_gib: read('overhead_gib', 0.6),
    kv_kib_per_token: read('kv_kib_per_token'),
    load_s: read('load_s'),
    load_s_per_kv_gib: read('load_s_per_kv_gib', 0),
    prefill_tps: read('prefill_tps'),
    decode_tps: read('decode_tps'),
    max_ctx: read('max_ctx'),
    default_ctx: read('default_ctx'),
    keep_alive_s: read('keep_alive_s', 300),
    cpu_slowdown: read('cpu_slowdown', 8),
    memory_price_s: read('memory_price_s', 20),
  };
}

function parseRequest(line: Record<string, unknown>, where: string): Workload['requests'][number] {
  return {
    arrival: {
      id: String(line['id']),
      t: number(line, 't', where),
      promptEstimate: number(line, 'prompt_estimate', where),
      numCtx: optional(line['num_ctx']),
      numPredict: optional(line['num_predict']),
      template: typeof line['template'] === 'string' ? line['template'] : null,
      conversation: typeof line['conversation'] === 'string' ? line['conversation'] : null,
    },
    outcome: {
      promptTokens: number(line, 'prompt_tokens', where),
      outputTokens: number(line, 'output_tokens', where),
      cachedPrefix: number(line, 'cached_prefix', where, 0),
    },
  };
}

function number(from: Record<string, unknown>, key: string, where: string, otherwise?: number): number {
  const value = from[key] ?? otherwise;
  if (typeof value !== 'number') throw new Error(`${where}: ${key} is no number`);
  return value;
}

function optional(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
