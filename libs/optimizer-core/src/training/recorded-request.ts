import type { OperatingMode } from '../events.js';
import type { ClientWindowRule } from '../decision.js';
import type { RequestFeatures } from '../request.js';
import type { RunnerView } from '../runner.js';

/** A count that the log knows, or knows to lie between two. Tokens. */
export interface Bounded {
  readonly lower: number;
  /** What is taken where one number is needed. */
  readonly likely: number;
  readonly upper: number;
}

/**
 * Why a count is only bounded. `cut`: the server dropped part of the prompt before it counted. `shifted`: the
 * answer outgrew its window and went on without its beginning, or ended there. `cancelled`: nobody waited.
 */
export type Uncertainty = 'cut' | 'shifted' | 'cancelled';

/** One request out of the log: what a policy could see of it, and what became of it. */
export interface RecordedRequest {
  readonly requestId: string;
  /** Of its decision and of its completion in the log. */
  readonly position: number;
  readonly endPosition: number;
  readonly model: string;
  readonly client: string | null;
  readonly mode: OperatingMode;
  readonly clientWindow: ClientWindowRule;
  readonly features: RequestFeatures;
  readonly templateId: string | null;
  readonly conversation: string | null;
  readonly runner: RunnerView | null;
  readonly memoryWindow: number | null;
  readonly trainedContext: number | null;
  /** When it was decided, and when it ended, milliseconds since the epoch. */
  readonly atMs: number;
  readonly endMs: number;
  readonly prompt: Bounded;
  readonly output: Bounded;
  readonly uncertain: Uncertainty | null;
  /** What happened. */
  readonly happened: {
    readonly window: number | null;
    readonly load: 'first' | 'decision' | 'foreign' | null;
    readonly loadSeconds: number;
    readonly refusals: number;
    readonly outcome: 'whole' | 'shifted' | 'cut';
  };
}

/** Requests that cannot be replayed, by why. */
export interface LeftOut {
  readonly failed: number;
  readonly preloads: number;
  /** Decided, but the log does not say how they ended. */
  readonly unfinished: number;
}
