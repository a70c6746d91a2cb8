import {
  addCosts,
  NO_COST,
  totalCost,
  type CostByComponent,
  type PolicyComparison,
  type Verdict,
} from './comparison.js';
import { seededRandom } from './seeded-random.js';

/** What one request cost under each policy. */
export interface JudgedRequest {
  /** Requests of one session stand and fall together: what is loaded for one serves the next. */
  readonly session: string;
  readonly active: CostByComponent;
  readonly candidate: CostByComponent;
}

export interface EvaluateOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default 2000 */
  readonly resamples?: number;
}

/** Fewer sessions than this are no evidence. */
const FEWEST_SESSIONS = 12;
/** A gain below this share of the active policy's cost is not worth a change. */
const LEAST_GAIN = 0.01;
/** Ends of the interval: 95 % lies between. */
const TAIL = 0.025;

/**
 * Compares two policies over requests that neither was trained on: the difference of their costs, with
 * an interval by resampling whole sessions (block bootstrap). Pure; the seed makes it the same again.
 */
export function evaluate(judged: readonly JudgedRequest[], options: EvaluateOptions = {}): PolicyComparison {
  const active = judged.reduce((sum, request) => addCosts(sum, request.active), NO_COST);
  const candidate = judged.reduce((sum, request) => addCosts(sum, request.candidate), NO_COST);
  const differences = differencesBySession(judged);
  const difference = totalCost(candidate) - totalCost(active);
  const interval = bootstrap(differences, options);
  const verdict = verdictOf(differences.length, interval, difference, totalCost(active));
  return { requests: judged.length, sessions: differences.length, active, candidate, difference, interval, verdict };
}

function differencesBySession(judged: readonly JudgedRequest[]): readonly number[] {
  const sessions = new Map<string, number>();
  for (const { session, active, candidate } of judged) {
    sessions.set(session, (sessions.get(session) ?? 0) + totalCost(candidate) - totalCost(active));
  }
  return [...sessions.values()];
}

function bootstrap(differences: readonly number[], { seed = 1, resamples = 2000 }: EvaluateOptions): [number, number] {
  const random = seededRandom(seed);
  const count = differences.length;
  if (count === 0) return [0, 0];
  const sums = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += differences[Math.floor(random() * count)]!;
    return sum;
  }).toSorted();
  const at = (share: number): number => sums[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return [at(TAIL), at(1 - TAIL)];
}

function verdictOf(sessions: number, [low, high]: [number, number], difference: number, cost: number): Verdict {
  if (sessions < FEWEST_SESSIONS) return 'unknown';
  if (high < 0 && -difference >= LEAST_GAIN * cost) return 'better';
  return low > 0 ? 'worse' : 'same';
}
