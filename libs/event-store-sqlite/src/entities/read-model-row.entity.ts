import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row of one version of a projection. Rows are JSON of some kilobytes, too long for a table
 * WITHOUT ROWID, whose tree would hold few of them to a page.
 */
@Entity({ name: 'read_model_rows' })
export class ReadModelRowEntity {
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
