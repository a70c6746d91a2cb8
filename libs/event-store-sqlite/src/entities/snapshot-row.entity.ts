import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row of a projection as it was at the log's floor. */
@Entity({ name: 'snapshot_rows' })
export class SnapshotRowEntity {
  @PrimaryColumn({ type: 'text' })
  projection!: string;

  @PrimaryColumn({ type: 'integer' })
  version!: number;

  @PrimaryColumn({ type: 'text' })
  key!: string;

  /** JSON. */
  @Column({ type: 'text' })
  row!: string;
}
