import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row, or none while the log has its beginning. */
@Entity({ name: 'log_floor' })
export class LogFloorEntity {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  /** Events up to here are deleted, or about to be; what they came to is in the snapshot. */
  @Column({ type: 'integer' })
  position!: number;

  /** Milliseconds since the epoch. */
  @Column({ name: 'moved_at_ms', type: 'integer' })
  movedAtMs!: number;
}
