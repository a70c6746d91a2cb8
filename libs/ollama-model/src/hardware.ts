/**
 * A machine, as the constants of its cost. The JSON shape (`vram_gib`, `load_s` ...) is that of the
 * `hardware` line of a sizing workload; the constants describe one reference model running on it.
 */
export interface Hardware {
  /** Memory that the model may fill before layers move to the CPU, bytes. */
  readonly vramBytes: number;
  /** Main memory that runners may fill, bytes: a runner that would need more fails to load. */
  readonly ramBytes: number;
  /** Weights of the reference model, bytes. */
  readonly weightsBytes: number;
  /** Compute buffers beside weights and KV cache, bytes. */
  readonly overheadBytes: number;
  /** KV cache of the reference model, bytes per token of window. */
  readonly kvBytesPerToken: number;
  /** Seconds to start a runner, before the KV cache is counted. */
  readonly loadSeconds: number;
  /** Seconds more for each GiB of KV cache. */
  readonly loadSecondsPerKvGib: number;
  /** Prompt tokens per second, everything on the GPU. */
  readonly prefillRate: number;
  /** Answer tokens per second, everything on the GPU. */
  readonly decodeRate: number;
  /** How many times slower a layer runs on the CPU; 1 on a machine without a GPU. */
  readonly cpuSlowdown: number;
  /** Trained context of the reference model, tokens. */
  readonly maxContext: number;
  /** The server's default window on this machine, tokens. */
  readonly defaultContext: number;
  /** How long an idle runner stays, seconds. */
  readonly keepAliveSeconds: number;
  /** Price of memory held, seconds a GiB-hour. Costs nothing on a server: policies weigh it. */
  readonly memoryPrice: number;
}

export const GIB = 1024 ** 3;

/** Field names as they stand in JSON, with the values of those that may be left out. */
const FIELDS = {
  vram_gib: null,
  /** As good as endless. */
  ram_gib: 1_000_000,
  weights_gib: null,
  overhead_gib: 0.6,
  kv_kib_per_token: null,
  load_s: null,
  load_s_per_kv_gib: 0,
  prefill_tps: null,
  decode_tps: null,
  cpu_slowdown: 8,
  max_ctx: null,
  default_ctx: null,
  keep_alive_s: 300,
  memory_price_s: 0,
} as const;

type Field = keyof typeof FIELDS;

export type ParsedHardware =
  { readonly ok: true; readonly hardware: Hardware } | { readonly ok: false; readonly error: string };

/** Fields that may be zero; every other one divides something or is a size, and must be positive. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set([
  'overhead_gib',
  'load_s',
  'load_s_per_kv_gib',
  'memory_price_s',
  'keep_alive_s',
]);

/** Reads a `hardware` object of the JSON shape; the error names the field that does not fit. */
export function parseHardware(value: unknown): ParsedHardware {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, error: 'hardware must be a JSON object' };
  }
  const given = value as Record<string, unknown>;
  const numbers = {} as Record<Field, number>;
  for (const field of Object.keys(FIELDS) as Field[]) {
    const number = given[field] ?? FIELDS[field];
    if (number === null) return { ok: false, error: `hardware: ${field} is missing` };
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      return { ok: false, error: `hardware: ${field} must be a number` };
    }
    if (number < 0 || (number === 0 && !MAY_BE_ZERO.has(field))) {
      return { ok: false, error: `hardware: ${field} must be more than 0` };
    }
    numbers[field] = number;
  }
  const unknown = Object.keys(given).find((field) => !(field in FIELDS));
  if (unknown !== undefined) return { ok: false, error: `hardware: no such field: ${unknown}` };
  return { ok: true, hardware: fromNumbers(numbers) };
}

function fromNumbers(n: Readonly<Record<Field, number>>): Hardware {
  return Object.freeze({
    vramBytes: n.vram_gib * GIB,
    ramBytes: n.ram_gib * GIB,
    weightsBytes: n.weights_gib * GIB,
    overheadBytes: n.overhead_gib * GIB,
    kvBytesPerToken: n.kv_kib_per_token * 1024,
    loadSeconds: n.load_s,
    loadSecondsPerKvGib: n.load_s_per_kv_gib,
    prefillRate: n.prefill_tps,
    decodeRate: n.decode_tps,
    cpuSlowdown: n.cpu_slowdown,
    maxContext: n.max_ctx,
    defaultContext: n.default_ctx,
    keepAliveSeconds: n.keep_alive_s,
    memoryPrice: n.memory_price_s,
  });
}

function profile(json: Partial<Record<Field, number>>): Hardware {
  const parsed = parseHardware(json);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.hardware;
}

/** An 8 GiB card with an 8B model, a 24 GiB card with a 14B model, and a machine without a GPU with a 3B model. */
export const PROFILES = {
  gpu8: profile({
    vram_gib: 8,
    weights_gib: 4.9,
    kv_kib_per_token: 128,
    load_s: 3.5,
    load_s_per_kv_gib: 0.15,
    prefill_tps: 1800,
    decode_tps: 45,
    cpu_slowdown: 9,
    max_ctx: 131072,
    default_ctx: 4096,
    memory_price_s: 30,
  }),
  gpu24: profile({
    vram_gib: 24,
    weights_gib: 9,
    kv_kib_per_token: 160,
    load_s: 6,
    load_s_per_kv_gib: 0.15,
    prefill_tps: 2500,
    decode_tps: 50,
    cpu_slowdown: 12,
    max_ctx: 131072,
    default_ctx: 32768,
    memory_price_s: 15,
  }),
  cpu: profile({
    vram_gib: 64,
    weights_gib: 2,
    kv_kib_per_token: 56,
    load_s: 2,
    load_s_per_kv_gib: 0.4,
    prefill_tps: 60,
    decode_tps: 9,
    cpu_slowdown: 1,
    max_ctx: 32768,
    default_ctx: 4096,
    memory_price_s: 10,
  }),
} as const satisfies Record<string, Hardware>;

export type ProfileName = keyof typeof PROFILES;

/** A machine where the CPU is no slower than the rest has no GPU: `/api/ps` shows no video memory there. */
export function hasGpu(hardware: Hardware): boolean {
  return hardware.cpuSlowdown > 1;
}
