import type { RecordedEvent } from './event.js';
import type { ParkedEvents } from './parked-events.js';

/** Writes a projection's rows inside the transaction that moves its checkpoint. */
export interface RowWriter {
  put(key: string, row: unknown): void;
  delete(key: string): void;
}

/**
 * A fold of the log into rows. It keeps its state in memory; the runner feeds it events in order of
 * position and makes rows and checkpoint durable together, so every event takes effect exactly once.
 */
export interface Projection {
  readonly name: string;
  /** Raise it when the fold changes: the new version is built from the whole log beside the old one. */
  readonly version: number;
  /** The event types it folds. */
  readonly types: readonly string[];
  /** Forgets what is in memory and takes up committed rows: at start, and after a batch that failed. */
  load(rows: Iterable<readonly [key: string, row: unknown]>): void;
  /** Folds one event into memory. No side effects. */
  apply(event: RecordedEvent): void;
  /** Writes the rows that changed since the last flush. */
  flush(writer: RowWriter): void;
  /** Rows and checkpoint are durable up to `position`: readers may see the new state. */
  committed?(position: number): void;
}

/** Where the folding of a projection begins. */
export interface FoldBase {
  /** Events after this position are to be folded. */
  readonly position: number;
  /** What the events up to there have come to. */
  readonly rows: Iterable<readonly [key: string, row: unknown]>;
}

/** Rows and checkpoints of projections, by name and version. */
export interface ReadModelStore {
  /** Where projections have stopped. */
  readonly parked: ParkedEvents;
  /**
   * Position 0 and no rows, as long as the log has its beginning. Of a log whose beginning was deleted:
   * the position up to which it was, and the rows of the snapshot that was taken of it, if this version had any.
   */
  base(projection: string, version: number): FoldBase;
  /** Position up to which the rows are complete; that of the base before the first commit. */
  checkpoint(projection: string, version: number): number;
  /** Before the first commit those of the base. */
  rows(projection: string, version: number): Iterable<readonly [key: string, row: unknown]>;
  /**
   * Writes rows and moves the checkpoint from `from` to `to` in one transaction. Throws, having
   * changed nothing, when the checkpoint is not at `from`: somebody else is running this projection,
   * and a {@link BehindLogError} when the log begins after `from`.
   */
  commit(projection: string, version: number, from: number, to: number, write: (writer: RowWriter) => void): void;
  /** Versions that have a checkpoint, ascending. */
  versions(projection: string): readonly number[];
  /** Removes rows and checkpoint of one version. */
  drop(projection: string, version: number): void;
  /**
   * Puts rows and checkpoint of version `version` of `built` in the place of those of `projection`, in one
   * transaction. Whoever runs the projection meanwhile finds its checkpoint moved and loads anew.
   */
  replace(projection: string, version: number, built: string): void;
}

/** Somebody else moved this projection's checkpoint: what is in memory is behind; load again and go on. */
export class CheckpointMovedError extends Error {
  readonly projection: string;
  readonly expected: number;
  readonly actual: number;

  constructor(projection: string, version: number, expected: number, actual: number) {
    super(
      `checkpoint of projection ${projection} v${version} is at ${actual}, not at ${expected}: another process runs it`,
    );
    this.name = 'CheckpointMovedError';
    this.projection = projection;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The events that a projection needs next were deleted by retention, and it was not there to fold them. */
export class BehindLogError extends Error {
  constructor(projection: string, version: number, checkpoint: number, floor: number) {
    super(
      `projection ${projection} v${version} stands at ${checkpoint}, and the log begins after ${floor}: ` +
        'rebuild it from the snapshot',
    );
    this.name = 'BehindLogError';
  }
}
