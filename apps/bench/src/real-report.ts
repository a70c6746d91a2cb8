import type { Tally } from '@rightsize/traffic';
import Table from 'cli-table3';

/** As clients came; all at the one window that somebody who knew the future would set; Rightsize knowing nothing; again. */
export const SIDES = ['direct', 'known', 'cold', 'warm'] as const;
export type Side = (typeof SIDES)[number];

export interface MixRows {
  readonly mix: string;
  readonly agree: boolean;
  readonly requests: number;
  /** The window known beforehand, tokens. */
  readonly window: number;
  readonly turns: readonly Readonly<Record<Side, Tally>>[];
}

const TITLES: Readonly<Record<Side, string>> = {
  direct: 'direct',
  known: 'one window, known before',
  cold: 'Rightsize, knowing nothing',
  warm: 'Rightsize, second run',
};

/** Medians over the turns; what went wrong is the worst turn's. */
export function table(rows: MixRows): string {
  const out = new Table({
    head: [rows.mix, 's', 'x known', 'loads', 'cut', 'shifted', 'failed', 'mean window', 'p50 s', 'p95 s'],
    colAligns: ['left', ...Array.from({ length: 9 }, () => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const side of SIDES) {
    const of = (figure: (tally: Tally) => number): readonly number[] => rows.turns.map((turn) => figure(turn[side]));
    out.push([
      side === 'known' ? `${TITLES[side]}: ${rows.window}` : TITLES[side],
      median(of(({ seconds }) => seconds)).toFixed(1),
      ratio(rows, side, 'known').toFixed(2),
      Math.max(...of(({ loads }) => loads)),
      Math.max(...of(({ cut }) => cut)),
      Math.max(...of(({ shifted }) => shifted)),
      Math.max(...of(({ failed }) => failed)),
      Math.round(median(of(({ meanWindow }) => meanWindow))),
      median(of(({ p50 }) => p50)).toFixed(2),
      median(of(({ p95 }) => p95)).toFixed(2),
    ]);
  }
  return out.toString();
}

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly most: number;
}

/** What is to be reached, each with whether it was. */
export function bars(rows: MixRows): readonly string[] {
  const worst = (side: Side, figure: 'loads' | 'cut' | 'failed'): number =>
    Math.max(...rows.turns.map((turn) => turn[side][figure]));
  const wanted: Bar[] = rows.agree
    ? [{ name: 'second run over direct', value: ratio(rows, 'warm', 'direct'), most: 1.01 }]
    : [
        { name: 'second run over the known window', value: ratio(rows, 'warm', 'known'), most: 1.15 },
        { name: 'from cold over the known window', value: ratio(rows, 'cold', 'known'), most: 1.3 },
      ];
  for (const side of ['cold', 'warm'] as const) {
    wanted.push({ name: `loads, ${side}`, value: worst(side, 'loads'), most: 3 });
    wanted.push({ name: `cut, ${side}`, value: worst(side, 'cut'), most: 0 });
    wanted.push({ name: `failed, ${side}`, value: worst(side, 'failed'), most: worst('direct', 'failed') });
  }
  return wanted.map(({ name, value, most }) => {
    const shown = Number.isInteger(value) ? String(value) : value.toFixed(3);
    return `${rows.mix}: ${name} at most ${most}: ${shown}, ${value <= most ? 'held' : 'MISSED'}`;
  });
}

/** Median over the turns of a side's seconds over those of another in the same turn. */
export function ratio({ turns }: MixRows, side: Side, to: Side): number {
  return median(turns.map((turn) => turn[side].seconds / turn[to].seconds));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
