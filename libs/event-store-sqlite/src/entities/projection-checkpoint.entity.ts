import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far one version of one projection has folded the log. */
@Entity({ name: 'projection_checkpoints', withoutRowid: true })
export class ProjectionCheckpointEntity {
  @PrimaryColumn({ type: 'text' })
  projection!: string;

  @PrimaryColumn({ type: 'integer' })
  version!: number;

  /** Position of the last event whose effect is in the rows. */
  @Column({ type: 'integer' })
  position!: number;
}
