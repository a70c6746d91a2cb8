import { performance } from 'node:perf_hooks';

/** Port: the time. Decisions and events take it from here, so tests and replays can set it. */
export interface Clock {
  /** Milliseconds since the epoch: what events are stamped with. It jumps when somebody sets the machine's clock. */
  nowMs(): number;
  /** Milliseconds since some instant, never going back: what durations are measured by. */
  monotonicMs(): number;
}

export const Clock = Symbol('rightsize.Clock');

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
