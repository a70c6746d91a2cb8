/** Port: the time. Decisions and events take it from here, so tests and replays can set it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
}

export const Clock = Symbol('rightsize.Clock');

export const systemClock: Clock = { nowMs: () => Date.now() };
