import type { Hardware, Workload } from './sizing-workload.js';

const KIB_PER_GIB = 2 ** 20;
const HOUR = 3600;
/** Seconds that a prompt which was cut, and an answer which outgrew its window, cost. */
const CUT_SECONDS = 120;
const SHIFT_SECONDS = 60;

export const COMPONENTS = ['load', 'prefix', 'spill', 'hold', 'short'] as const;
export type Component = (typeof COMPONENTS)[number];

export interface Tally {
  readonly seconds: Readonly<Record<Component, number>>;
  readonly reloads: number;
  readonly refused: number;
  readonly cut: number;
  readonly shifted: number;
}

/** What one request did to the machine. */
export interface Served {
  readonly window: number;
  /** It was loaded for this request: because nothing was, or because another window was. */
  readonly loaded: boolean;
  readonly loadSeconds: number;
  readonly cachedTokens: number;
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
}

type Request = Workload['requests'][number];

export function gib(hardware: Hardware, window: number): number {
  return (window * hardware.kv_kib_per_token) / KIB_PER_GIB;
}

export function loadSeconds(hardware: Hardware, window: number): number {
  return hardware.load_s + hardware.load_s_per_kv_gib * gib(hardware, window);
}

/** The share that does not fit the GPU runs slower. */
export function slowdown(hardware: Hardware, window: number): number {
  const total = hardware.weights_gib + hardware.overhead_gib + gib(hardware, window);
  return 1 + (Math.max(0, total - hardware.vram_gib) / total) * (hardware.cpu_slowdown - 1);
}

export function holdSeconds(hardware: Hardware, window: number): number {
  return (hardware.memory_price_s / HOUR) * gib(hardware, window);
}

/** Seconds of work where all lies on the GPU. */
export function workSeconds(hardware: Hardware, { outcome }: Request, cached: number): number {
  return (outcome.promptTokens - cached) / hardware.prefill_tps + outcome.outputTokens / hardware.decode_tps;
}

/** One runner that serves one request after the other, and what its windows cost beyond what could not be saved. */
export class Machine {
  readonly #hardware: Hardware;
  readonly #seconds: Record<Component, number> = { load: 0, prefix: 0, spill: 0, hold: 0, short: 0 };
  #window: number | null = null;
  #endedAt: number | null = null;
  #lastConversation: string | null = null;
  #reloads = 0;
  #refused = 0;
  #cut = 0;
  #shifted = 0;

  constructor(hardware: Hardware) {
    this.#hardware = hardware;
  }

  /** Time goes on to `t`: the window that is loaded then, null when it expired before. */
  arrive(t: number): number | null {
    if (this.#endedAt === null || this.#window === null) return null;
    const idle = Math.max(0, t - this.#endedAt);
    this.#seconds.hold += Math.min(idle, this.#hardware.keep_alive_s) * holdSeconds(this.#hardware, this.#window);
    if (t - this.#endedAt > this.#hardware.keep_alive_s) this.#window = null;
    this.#endedAt = null;
    return this.#window;
  }

  /** Serves a request that has arrived with the first attempt that holds its prompt; the last one is cut if need be. */
  serve(request: Request, attempts: readonly number[]): Served {
    const { arrival, outcome } = request;
    const hardware = this.#hardware;
    let fresh = false;
    let lost = false;
    let held = false;
    let loading = 0;
    for (const attempt of attempts) {
      const target = Math.max(4, Math.min(Math.trunc(attempt), hardware.max_ctx));
      if (target !== this.#window) {
        loading += loadSeconds(hardware, target);
        if (this.#window === null) fresh = true;
        else {
          this.#reloads++;
          this.#seconds.load += loadSeconds(hardware, target);
        }
        this.#window = target;
        lost = true;
      }
      held = outcome.promptTokens < target;
      if (held) break;
      this.#refused++;
    }
    const window = this.#window ?? hardware.default_ctx;
    if (!held) this.#cut++;
    if (held && outcome.promptTokens + outcome.outputTokens > window) this.#shifted++;
    const follows = arrival.conversation !== null && arrival.conversation === this.#lastConversation;
    const kept = follows ? outcome.cachedPrefix : 0;
    const cached = lost ? 0 : kept;
    const slower = slowdown(hardware, window);
    this.#seconds.prefix += fresh ? 0 : (kept - cached) / hardware.prefill_tps;
    this.#seconds.spill += workSeconds(hardware, request, cached) * (slower - slowdown(hardware, 0));
    this.#seconds.short = this.#cut * CUT_SECONDS + this.#shifted * SHIFT_SECONDS;
    this.#endedAt = arrival.t + workSeconds(hardware, request, fresh ? 0 : kept) * slowdown(hardware, 0);
    this.#lastConversation = arrival.conversation;
    return {
      window,
      loaded: lost,
      loadSeconds: loading,
      cachedTokens: cached,
      prefillSeconds: ((outcome.promptTokens - cached) / hardware.prefill_tps) * slower,
      decodeSeconds: (outcome.outputTokens / hardware.decode_tps) * slower,
    };
  }

  /** When the last request's answer was complete, on the workload's clock. */
  get endedAt(): number {
    return this.#endedAt ?? 0;
  }

  tally(): Tally {
    return {
      seconds: { ...this.#seconds },
      reloads: this.#reloads,
      refused: this.#refused,
      cut: this.#cut,
      shifted: this.#shifted,
    };
  }
}

export function totalSeconds({ seconds }: Tally): number {
  return COMPONENTS.reduce((sum, component) => sum + seconds[component], 0);
}
