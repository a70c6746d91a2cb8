import type { Stretch } from '@rightsize/optimizer';
import { Option } from 'commander';

/** For commands that read part of the log. */
export const STRETCH_OPTIONS: readonly Option[] = [
  new Option('--from <when>', 'first event: a position, a date, or an age such as 7d'),
  new Option('--to <when>', 'last event: a position, a date, or an age such as 12h'),
  new Option('--model <name>', 'only the traffic of this model'),
];

const UNITS_MS = { m: 60e3, h: 3_600e3, d: 86_400e3, w: 7 * 86_400e3 } as const;

/** `nowMs`: what ages count from. Throws an error that names the option. */
export function stretchOf(options: Readonly<Record<string, unknown>>, nowMs: number): Stretch {
  const from = whenOf('--from', options['from'] ?? options['since'], nowMs);
  const to = whenOf('--to', options['to'], nowMs);
  return {
    ...(from?.position === undefined ? {} : { from: from.position }),
    ...(to?.position === undefined ? {} : { to: to.position }),
    ...(from?.atMs === undefined ? {} : { sinceMs: from.atMs }),
    ...(to?.atMs === undefined ? {} : { untilMs: to.atMs }),
  };
}

export function modelOf({ model }: Readonly<Record<string, unknown>>): string | null {
  if (typeof model !== 'string') return null;
  return model.includes(':') ? model : `${model}:latest`;
}

/** `30m` in seconds; -1: for good. Throws an error that names the option. */
export function secondsOf(option: string, text: string): number {
  if (text === '-1') return 1e8;
  const age = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  if (!age) throw new Error(`${option} ${text}: give a time such as 90s, 30m or 24h, or -1`);
  return (Number(age[1]) * { ...UNITS_MS, s: 1e3 }[age[2] as keyof typeof UNITS_MS | 's']) / 1e3;
}

interface When {
  readonly position?: number;
  readonly atMs?: number;
}

function whenOf(option: string, given: unknown, nowMs: number): When | null {
  if (given === undefined) return null;
  const text = String(given);
  if (/^\d+$/.test(text)) return { position: Number(text) };
  const age = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text);
  if (age) return { atMs: nowMs - Number(age[1]) * UNITS_MS[age[2] as keyof typeof UNITS_MS] };
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new Error(`${option} ${text}: give a position, a date such as 2026-11-24, or an age such as 7d`);
  return { atMs };
}
