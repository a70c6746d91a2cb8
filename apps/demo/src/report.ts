import Table from 'cli-table3';
import type { Tally } from '@rightsize/traffic';

/** The figures side by side, the first row being what the ratio is to. */
export function table(tallies: readonly Tally[], clock: 'virtual' | 'real'): string {
  const first = tallies[0];
  const out = new Table({
    head: ['', `${clock} s`, 'ratio', 'loads', 'cut', 'shifted', 'failed', 'mean window', 'p50 s', 'p95 s'],
    colAligns: ['left', ...Array.from({ length: 9 }, () => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const row of tallies) {
    out.push([
      row.name,
      row.seconds.toFixed(1),
      first ? (row.seconds / first.seconds).toFixed(2) : '',
      row.loads,
      row.cut,
      row.shifted,
      row.failed,
      Math.round(row.meanWindow),
      row.p50.toFixed(2),
      row.p95.toFixed(2),
    ]);
  }
  return out.toString();
}
