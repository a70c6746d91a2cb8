import type { SafeguardTrippedV1 } from '../events.js';
import { exceedsByChance, type Share } from './exceeds-by-chance.js';
import { MIN_REFERENCE } from './fold-safeguard.js';
import { HARMS, type Harm } from './harm.js';
import { NO_HARM, plus, type HarmCounts, type SafeguardState } from './safeguard-state.js';

/** What is rarer than this by chance is none. It is asked after every answer, so it has to be rare indeed. */
const MAX_CHANCE = 1e-4;

/** Fewer are an accident, whatever they are compared with. */
const MIN_HARMED = 5;

/** By how much the share of the harmed has to rise to be worth giving up what windows save. */
const MIN_RISE: Readonly<Record<Harm, number>> = { cuts: 0.02, failures: 0.02, reloads: 0.1 };

/** Blocks of the short look, which sees a sudden change soon; the long one, over all, sees a slow one. */
const SHORT = 2;

export type SafeguardVerdict = Omit<SafeguardTrippedV1, 'model' | 'atMs'>;

/** Whether harm has risen beyond noise, above the control group or else the first hour; null: it has not, or cannot be told. */
export function judgeSafeguard(state: SafeguardState): SafeguardVerdict | null {
  const against = referenceOf(state);
  if (against === null || state.tripped !== null) return null;
  // What went as it came tells within the first hour already.
  const answers = state.recent.length === 0 ? [state.baseline] : state.recent;
  for (const blocks of [answers.slice(-SHORT), answers]) {
    const recent = total(blocks);
    for (const harm of HARMS) {
      const verdict = compare(harm, share(recent, harm), share(against.counts, harm));
      if (verdict) return { ...verdict, against: against.name };
    }
  }
  return null;
}

function referenceOf({ control, baseline, recent }: SafeguardState): {
  name: 'control' | 'baseline';
  counts: HarmCounts;
} | null {
  const asTheyCame = total(control);
  if (asTheyCame.completions >= MIN_REFERENCE) return { name: 'control', counts: asTheyCame };
  // Something is recent only once the first hour is over.
  return recent.length > 0 && baseline.completions >= MIN_REFERENCE ? { name: 'baseline', counts: baseline } : null;
}

function compare(harm: Harm, recent: Share, reference: Share): Omit<SafeguardVerdict, 'against'> | null {
  if (recent.harmed < MIN_HARMED) return null;
  const rise = recent.harmed / recent.completions - reference.harmed / reference.completions;
  if (rise < MIN_RISE[harm]) return null;
  const chance = exceedsByChance(recent, reference);
  return chance <= MAX_CHANCE ? { harm, recent, reference, chance } : null;
}

function share(counts: HarmCounts, harm: Harm): Share {
  return { harmed: counts[harm], completions: counts.completions };
}

function total(blocks: readonly HarmCounts[]): HarmCounts {
  return blocks.reduce(plus, NO_HARM);
}
