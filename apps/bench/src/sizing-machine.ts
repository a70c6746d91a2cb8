import type { Hardware, Workload } from './sizing-workload.js';

const KIB_PER_GIB = 2 ** 20;
const HOUR = 3600;

export const COMPONENTS = ['load', 'prefix', 'spill', 'hold', 'short'] as const;
export type Component = (typeof COMPONENTS)[number];

export interface Tally {
  readonly seconds: Readonly<Record<Component, number>>;
  readonly reloads: number;
  readonly refused: number;
  readonly cut: number;
  readonly shifted: number;
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

export function totalSeconds({ seconds }: Tally): number {
  return COMPONENTS.reduce((sum, component) => sum + seconds[component], 0);
}
