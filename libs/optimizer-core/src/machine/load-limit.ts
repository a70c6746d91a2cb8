import type { FailedLoad } from './machine-state.js';

/** A failed load is believed so long: other programs come and go. Milliseconds. */
const BELIEVED_MS = 6 * 3600 * 1000;

/** So much of what failed is tried next. */
const STEP_DOWN = 0.75;

const WINDOW_STEP = 256;
const LEAST = 1024;

/** The largest window worth loading after what failed lately, tokens; null: nothing failed. */
export function loadLimit(failures: readonly FailedLoad[], nowMs: number): number | null {
  const recent = failures.filter(({ atMs }) => nowMs - atMs < BELIEVED_MS);
  if (recent.length === 0) return null;
  const least = Math.min(...recent.map(({ window }) => window));
  return Math.max(LEAST, Math.floor((least * STEP_DOWN) / WINDOW_STEP) * WINDOW_STEP);
}
