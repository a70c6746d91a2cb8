import type { OperatingMode } from '../events.js';
import type { Pending } from '../pending-requests.js';
import type { RunningMean } from '../statistics.js';
import type { ClientWorld, ReloadRule } from './client-world.js';

/** What is counted of requests. All of it adds up. */
export interface LedgerFigures {
  readonly requests: number;
  /** Requests of which a count is missing: neither cut nor shifted answers are told of them. */
  readonly uncertain: number;
  /** What was observed. */
  readonly measured: LedgerSide;
  /** What the server's rules say had every request gone as its client sent it. */
  readonly asSent: LedgerSide;
  /** Of `asSent`: reloads by the rule that says so, and cuts and shifts in the server's default window. */
  readonly byRule: Readonly<Record<ReloadRule, number>> & { readonly shortInDefault: number };
}

export interface LedgerSide {
  readonly reloads: number;
  readonly cuts: number;
  readonly shifts: number;
  /** Of reloads. As sent: at the mean of the loads that were seen. */
  readonly loadSeconds: number;
  /** Tokens of window x seconds that it was held. */
  readonly tokenSeconds: number;
}

/** One day of one model, client, template and mode. */
export interface LedgerCell {
  readonly kind: 'cell';
  /** UTC, `2026-11-24`. */
  readonly day: string;
  readonly model: string;
  readonly client: string | null;
  readonly templateId: string | null;
  readonly mode: OperatingMode;
  readonly figures: LedgerFigures;
}

/** A request on its way. */
export interface LedgerPending {
  readonly client: string | null;
  readonly mode: OperatingMode;
  readonly atMs: number;
  readonly asSent: number;
  readonly reload: ReloadRule | null;
  readonly isDefault: boolean;
  readonly promptEstimate: number;
}

/** What the ledger keeps of a model to go on with. */
export interface LedgerModel {
  readonly kind: 'model';
  readonly model: string;
  readonly world: ClientWorld;
  readonly pending: Pending<LedgerPending>;
  /** Cells of the latest completions, by request id: what else happened to them is told right after. */
  readonly ended: Readonly<Record<string, string>>;
  readonly loadSeconds: RunningMean;
  /** Up to when holding is counted, milliseconds since the epoch. */
  readonly heldUntilMs: number;
  /** The smallest and the largest runner seen: the slope between is what a token of window takes. */
  readonly small: SizedRunner | null;
  readonly large: SizedRunner | null;
}

export interface SizedRunner {
  readonly window: number;
  readonly bytes: number;
}

export type LedgerRow = LedgerCell | LedgerModel;

const NO_SIDE: LedgerSide = { reloads: 0, cuts: 0, shifts: 0, loadSeconds: 0, tokenSeconds: 0 };

export const NO_FIGURES: LedgerFigures = {
  requests: 0,
  uncertain: 0,
  measured: NO_SIDE,
  asSent: NO_SIDE,
  byRule: { 'window-differs': 0, 'default-differs': 0, shortInDefault: 0 },
};

export function addFigures(one: LedgerFigures, other: LedgerFigures): LedgerFigures {
  return {
    requests: one.requests + other.requests,
    uncertain: one.uncertain + other.uncertain,
    measured: addSides(one.measured, other.measured),
    asSent: addSides(one.asSent, other.asSent),
    byRule: {
      'window-differs': one.byRule['window-differs'] + other.byRule['window-differs'],
      'default-differs': one.byRule['default-differs'] + other.byRule['default-differs'],
      shortInDefault: one.byRule.shortInDefault + other.byRule.shortInDefault,
    },
  };
}

export function addSides(one: LedgerSide, other: Partial<LedgerSide>): LedgerSide {
  return {
    reloads: one.reloads + (other.reloads ?? 0),
    cuts: one.cuts + (other.cuts ?? 0),
    shifts: one.shifts + (other.shifts ?? 0),
    loadSeconds: one.loadSeconds + (other.loadSeconds ?? 0),
    tokenSeconds: one.tokenSeconds + (other.tokenSeconds ?? 0),
  };
}
