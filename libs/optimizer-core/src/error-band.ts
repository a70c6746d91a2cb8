/** How far a kind of estimate errs, learnt from its errors as they come. */
export interface ErrorBand {
  readonly samples: number;
  /** Mean square of the errors, relative. */
  readonly square: number;
  /** Deviations at which the wished share of the counts lies below. */
  readonly reach: number;
}

/** Share of counts that may exceed the bound. */
const EXCEEDED = 0.01;
/** What one exceeded bound adds to the reach, deviations; the others take as much away together. */
const STEP = 0.3;
const SMALLEST_REACH = 1.5;
const LARGEST_REACH = 12;
/** An error counts as no more than this many deviations in the spread: the reach is for the tail. */
const CLIPPED = 4;
/** Weight of a new error once there are many. */
const SETTLED_WEIGHT = 0.01;

export function openBand(deviation: number, reach: number, samples: number): ErrorBand {
  return { samples, square: deviation ** 2, reach };
}

/**
 * Takes in an error whose deviation was thought to be `deviation`. The reach goes up when it was exceeded
 * and down a little when it was not, so that in the long run the wished share exceeds it whatever the
 * shape of the errors (adaptive conformal inference, Gibbs and Candès 2021).
 */
export function widen(band: ErrorBand, error: number, deviation: number): ErrorBand {
  const samples = band.samples + 1;
  const weight = Math.max(1 / samples, SETTLED_WEIGHT);
  const limit = CLIPPED ** 2 * Math.max(band.square, 1e-8);
  const exceeded = error > band.reach * deviation ? 1 : 0;
  return {
    samples,
    square: band.square + weight * (Math.min(error * error, limit) - band.square),
    reach: Math.min(LARGEST_REACH, Math.max(SMALLEST_REACH, band.reach + STEP * (exceeded - EXCEEDED))),
  };
}
