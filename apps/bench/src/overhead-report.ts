import type { Load } from './overhead-client.js';

/** `off`: the gateway that only passes on (`--mode off`). `gateway`: the one that decides, and writes its log. */
export const SIDES = ['direct', 'plain', 'off', 'gateway'] as const;
export type Side = (typeof SIDES)[number];

export interface Slice extends Load {
  /** Processor time of the server meanwhile. */
  readonly cpuSeconds: number;
}

export interface Figures {
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests per second. */
  readonly rate: number;
  /** Processor time a request, microseconds; NaN where it cannot be read. */
  readonly cpuUs: number;
}

export interface Row {
  readonly case: string;
  readonly clients: number;
  readonly sides: Readonly<Record<Side, Figures>>;
  /** Milliseconds that the deciding gateway adds over direct. */
  readonly addedP50: number;
  readonly addedP99: number;
  /** p50 through the gateway over p50 through the plain pass-through. */
  readonly overPlain: number;
}

export function figures(slices: readonly Slice[]): Figures {
  const latencies = slices.flatMap((slice) => slice.latencies).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  const requests = latencies.length;
  const seconds = slices.reduce((sum, slice) => sum + slice.seconds, 0);
  const cpuUs = (slices.reduce((sum, slice) => sum + slice.cpuSeconds, 0) * 1e6) / requests;
  return { requests, p50: at(0.5), p99: at(0.99), rate: requests / seconds, cpuUs };
}

export function row(name: string, clients: number, sides: Record<Side, Figures>): Row {
  return {
    case: name,
    clients,
    sides,
    addedP50: sides.gateway.p50 - sides.direct.p50,
    addedP99: sides.gateway.p99 - sides.direct.p99,
    overPlain: sides.gateway.p50 / sides.plain.p50,
  };
}

/** What the issue asks for, at one client on small bodies: under 0.5 ms (p50) and 2 ms (p99) added, at most 1.3 of plain. */
export function bars(rows: readonly Row[]): readonly string[] {
  const small = rows.find((entry) => entry.clients === 1 && entry.case === 'small body');
  if (!small) return [];
  const verdict = (held: boolean): string => (held ? 'held' : 'MISSED');
  return [
    `added p50 < 0.5 ms: ${small.addedP50.toFixed(3)} ms, ${verdict(small.addedP50 < 0.5)}`,
    `added p99 < 2 ms: ${small.addedP99.toFixed(3)} ms, ${verdict(small.addedP99 < 2)}`,
    `p50 at most 1.3 x plain: ${small.overPlain.toFixed(2)}, ${verdict(small.overPlain <= 1.3)}`,
  ];
}

export function table(rows: readonly Row[]): string {
  const head = [
    'case',
    'clients',
    ...SIDES.flatMap((side) => [`${side} p50`, 'p99', 'req/s', 'cpu']),
    'added p50',
    'p99',
    'x plain',
  ];
  const body = rows.map((entry) => [
    entry.case,
    String(entry.clients),
    ...SIDES.flatMap((side) => [
      entry.sides[side].p50.toFixed(2),
      entry.sides[side].p99.toFixed(2),
      entry.sides[side].rate.toFixed(0),
      Number.isNaN(entry.sides[side].cpuUs) ? '-' : entry.sides[side].cpuUs.toFixed(0),
    ]),
    entry.addedP50.toFixed(2),
    entry.addedP99.toFixed(2),
    entry.overPlain.toFixed(2),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return [line(head), ...body.map(line)].join('\n');
}
