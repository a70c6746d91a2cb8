import type { ModelCatalogue } from '../model-catalogue.js';
import type { RunnerTracker } from '../runner-tracker.js';

/**
 * Null when what is known of runner and model is recent enough, which is nearly always while there is
 * traffic. Else a promise that resolves when it was looked up, or after `lookMs` at the latest: a
 * reload made in vain costs seconds, a look on the server a millisecond, a hanging server must cost neither.
 */
export function boundedLook(
  runners: RunnerTracker,
  catalogue: ModelCatalogue,
  model: string,
  lookMs: number,
): Promise<unknown> | null {
  const needed = [catalogue.ensure(model), runners.mustLook(model) ? runners.look() : null].filter((p) => p !== null);
  if (needed.length === 0) return null;
  return within(Promise.all(needed), lookMs);
}

/** Resolves with the promise, or after so many milliseconds. */
export function within(promise: Promise<unknown>, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
