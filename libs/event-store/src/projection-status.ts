/** Where one projection stands. */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /** Rows and checkpoint are durable up to here. */
  readonly position: number;
  /** Positions between it and the end of the log, as far as the log's end is known. */
  readonly lag: number;
  /** `stopped`: it failed, or the runner was stopped. Only a restart takes it up again, or the skip of what it has parked. */
  readonly state: 'catching-up' | 'live' | 'stopped';
  /** Why it stopped, or, while it is not stopped, what keeps it waiting: it tries again. */
  readonly error: Error | null;
  /** Position of the event it cannot fold and has parked; it goes on when that is skipped, or after a mended restart. */
  readonly parkedAt: number | null;
}

/** The projection will not reach the position somebody waits for. */
export class ProjectionStoppedError extends Error {
  readonly projection: string;

  constructor(projection: string, position: number, cause: Error | null) {
    super(`projection ${projection} stopped at position ${position}${cause === null ? '' : `: ${cause.message}`}`, {
      cause: cause ?? undefined,
    });
    this.name = 'ProjectionStoppedError';
    this.projection = projection;
  }
}
