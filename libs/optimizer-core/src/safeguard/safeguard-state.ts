import type { SafeguardPulledV1, SafeguardTrippedV1 } from '../events.js';
import type { Pending } from '../pending-requests.js';
import type { Harm } from './harm.js';

/** Requests that were answered, and how many of them came to harm of each kind. */
export type HarmCounts = Readonly<Record<Harm | 'completions', number>>;

/** How a request was sent that has not ended: with a window of ours, one of which failed to load, or in the control group. */
export type Sent = 'imposed' | 'load-failed' | 'control';

/** Where an answer was counted: what is told of it later is counted there too. */
export interface Counted {
  readonly requestId: string;
  readonly where: 'baseline' | 'recent' | 'control';
}

/** How one model fares with windows of ours: a fold over its events, bounded, plain data. */
export interface SafeguardState {
  readonly model: string;
  readonly sent: Pending<Sent>;
  /** The last few, the latest first. */
  readonly counted: readonly Counted[];
  /** Of its first answer, milliseconds since the epoch; null: there was none. */
  readonly sinceMs: number | null;
  /** The first hour. */
  readonly baseline: HarmCounts;
  /** After that, in blocks of {@link BLOCK} answers, oldest first. */
  readonly recent: readonly HarmCounts[];
  /** Requests that went as they came, to compare with, in such blocks too. */
  readonly control: readonly HarmCounts[];
  /** Its requests pass through since then; null: they do not. */
  readonly tripped: SafeguardTrippedV1 | SafeguardPulledV1 | null;
}

export const NO_HARM: HarmCounts = { completions: 0, cuts: 0, failures: 0, reloads: 0 };

/** Answers in a block: what is recent is counted by answers, not by time, so that a quiet model is looked after too. */
export const BLOCK = 10;

/** Blocks that are recent: 200 answers. */
export const BLOCKS = 20;

export function emptySafeguardState(model: string): SafeguardState {
  return { model, sent: [], counted: [], sinceMs: null, baseline: NO_HARM, recent: [], control: [], tripped: null };
}

export function plus(a: HarmCounts, b: HarmCounts): HarmCounts {
  return {
    completions: a.completions + b.completions,
    cuts: a.cuts + b.cuts,
    failures: a.failures + b.failures,
    reloads: a.reloads + b.reloads,
  };
}
