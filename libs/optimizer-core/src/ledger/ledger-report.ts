import {
  addFigures,
  NO_FIGURES,
  type LedgerCell,
  type LedgerFigures,
  type LedgerModel,
  type LedgerSide,
} from './ledger-rows.js';

const GIB = 2 ** 30;
const HOUR = 3600;
/** A model of some 8 billion parameters with grouped attention, until two sizes of it were seen. */
const KV_BYTES = 131_072;

export type LedgerDimension = 'model' | 'client' | 'template' | 'day';

/** One side of the ledger, for people. */
export interface LedgerTotals extends Omit<LedgerSide, 'tokenSeconds'> {
  /** Of KV cache held. */
  readonly gibHours: number;
}

export interface LedgerLine {
  /** The model, client, template or day; null: none is known. */
  readonly of: string | null;
  readonly requests: number;
  readonly uncertain: number;
  /** Observed. */
  readonly measured: LedgerTotals;
  /** By the server's rules, had every request gone as its client sent it. In shadow mode that is what happened: predicted. */
  readonly asSent: LedgerTotals;
  readonly byRule: LedgerFigures['byRule'];
}

/** `active`: what was saved. `shadow`: what was predicted against what was observed. */
export interface LedgerReport {
  readonly by: LedgerDimension;
  readonly active: readonly LedgerLine[];
  readonly shadow: readonly LedgerLine[];
}

export function ledgerReport(
  cells: Iterable<LedgerCell>,
  models: ReadonlyMap<string, LedgerModel>,
  by: LedgerDimension,
): LedgerReport {
  const active = new Map<string | null, LedgerLine>();
  const shadow = new Map<string | null, LedgerLine>();
  for (const cell of cells) {
    const lines = cell.mode === 'shadow' ? shadow : active;
    const of = valueOf(cell, by);
    const known = lines.get(of) ?? lineOf(of, NO_FIGURES, 0);
    lines.set(of, addLines(known, lineOf(of, cell.figures, kvBytes(models.get(cell.model)))));
  }
  return { by, active: sorted(active, by), shadow: sorted(shadow, by) };
}

function valueOf(cell: LedgerCell, by: LedgerDimension): string | null {
  return by === 'template' ? cell.templateId : cell[by];
}

function lineOf(of: string | null, figures: LedgerFigures, perToken: number): LedgerLine {
  const { requests, uncertain, measured, asSent, byRule } = figures;
  return { of, requests, uncertain, measured: totals(measured, perToken), asSent: totals(asSent, perToken), byRule };
}

function totals({ tokenSeconds, ...rest }: LedgerSide, perToken: number): LedgerTotals {
  return { ...rest, gibHours: (tokenSeconds * perToken) / GIB / HOUR };
}

function addLines(one: LedgerLine, other: LedgerLine): LedgerLine {
  const add = (a: LedgerTotals, b: LedgerTotals): LedgerTotals => ({
    reloads: a.reloads + b.reloads,
    cuts: a.cuts + b.cuts,
    shifts: a.shifts + b.shifts,
    loadSeconds: a.loadSeconds + b.loadSeconds,
    gibHours: a.gibHours + b.gibHours,
  });
  const figures = addFigures({ ...NO_FIGURES, byRule: one.byRule }, { ...NO_FIGURES, byRule: other.byRule });
  return {
    of: one.of,
    requests: one.requests + other.requests,
    uncertain: one.uncertain + other.uncertain,
    measured: add(one.measured, other.measured),
    asSent: add(one.asSent, other.asSent),
    byRule: figures.byRule,
  };
}

function kvBytes(model: LedgerModel | undefined): number {
  const [small, large] = [model?.small, model?.large];
  if (!small || !large || large.window <= small.window || large.bytes <= small.bytes) return KV_BYTES;
  return (large.bytes - small.bytes) / (large.window - small.window);
}

/** Days in their order, everything else by use. */
function sorted(lines: ReadonlyMap<string | null, LedgerLine>, by: LedgerDimension): readonly LedgerLine[] {
  const name = ({ of }: LedgerLine): string => of ?? '';
  const byName = [...lines.values()].toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
  return by === 'day' ? byName : byName.toSorted((a, b) => b.requests - a.requests);
}
