import type { Estimated } from './estimate-replay.js';

export interface ReportRow {
  readonly prompts: string;
  readonly n: number;
  /** Errors of the expectation, without sign, as shares of the count. */
  readonly medianError: number;
  readonly p90Error: number;
  readonly p99Error: number;
  /** Share of the prompts that counted more than their bound. */
  readonly exceeded: number;
  /** Bound over count. */
  readonly medianBound: number;
  readonly p90Bound: number;
}

/** Errors and coverage over all prompts, by how much was learnt before, and by kind. */
export function reportOf(estimated: readonly Estimated[]): readonly ReportRow[] {
  const kinds = [...new Set(estimated.map(({ kind }) => kind))].toSorted();
  const groups: [string, readonly Estimated[]][] = [
    ['all', estimated],
    ['first 50', estimated.slice(0, 50)],
    ['after 50', estimated.slice(50)],
    ['after 500', estimated.slice(500)],
    ['first of its kind', estimated.filter(({ again, after }) => !again && after >= 50)],
    ['template again', estimated.filter(({ again, turn, after }) => again && !turn && after >= 50)],
    ['later turn', estimated.filter(({ turn, after }) => turn && after >= 50)],
    ...kinds.map((kind): [string, readonly Estimated[]] => [
      kind,
      estimated.filter((one) => one.kind === kind && one.after >= 50),
    ]),
  ];
  return groups.flatMap(([prompts, group]) => (group.length === 0 ? [] : [rowOf(prompts, group)]));
}

function rowOf(prompts: string, group: readonly Estimated[]): ReportRow {
  const errors = group.map(({ mean, counted }) => Math.abs(mean / counted - 1)).toSorted((a, b) => a - b);
  const bounds = group.map(({ bound, counted }) => bound / counted).toSorted((a, b) => a - b);
  const at = (sorted: readonly number[], share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return {
    prompts,
    n: group.length,
    medianError: at(errors, 0.5),
    p90Error: at(errors, 0.9),
    p99Error: at(errors, 0.99),
    exceeded: group.filter(({ counted, bound }) => counted > bound).length / group.length,
    medianBound: at(bounds, 0.5),
    p90Bound: at(bounds, 0.9),
  };
}
